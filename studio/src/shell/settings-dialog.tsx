import { Dialog } from '@base-ui/react/dialog';
import { useStore } from '@nanostores/react';
import { useId } from 'react';
import { DialogFrame } from '../controls/dialog-frame.js';
import { Icon } from '../controls/icon.js';
import { isolate } from '../controls/isolate.js';
import { $language, chooseLanguage, type Language, languages, useWords } from '../language/words.js';
import { $theme, chooseTheme, themes } from '../theme.js';
import { $session, signOut } from './session.js';

/** How the page looks and which words it has, and the button that opens it. */
export function SettingsDialog() {
  const words = useWords();
  const theme = useStore($theme);
  const language = useStore($language);
  const session = useStore($session);
  return (
    <DialogFrame
      title={words.settings}
      trigger={
        <Dialog.Trigger className="rail-item" aria-label={words.settings} title={words.settings}>
          <Icon name="settings" />
        </Dialog.Trigger>
      }
    >
      <Choice
        label={words.theme}
        options={themes.map((name) => ({ value: name, label: words.themes[name] }))}
        value={theme}
        onChange={chooseTheme}
      />
      <Choice
        label={words.language}
        options={Object.entries(languages).map(([tag, { name }]) => ({
          value: tag as Language,
          label: name,
        }))}
        value={language}
        onChange={(chosen) => void chooseLanguage(chosen)}
      />
      {session?.key && (
        <div className="field session">
          <span>{words.signedIn(isolate(session.key.name), session.key.scopes.join(', '))}</span>
          <button type="button" onClick={() => void signOut()}>
            {words.signOut}
          </button>
        </div>
      )}
    </DialogFrame>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

function Choice<Value extends string>({ label, options, value, onChange }: ChoiceProps<Value>) {
  const group = useId();
  return (
    <fieldset className="field">
      <legend className="label">{label}</legend>
      <div className="segments">
        {options.map((option) => (
          <label key={option.value} className="segment">
            <input
              type="radio"
              name={group}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
