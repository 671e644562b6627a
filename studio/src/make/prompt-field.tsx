import { useStore } from '@nanostores/react';
import { useId } from 'react';
import { useWords } from '../language/words.js';
import { $draft, setDraft } from './draft.js';

/** The text that makes an image; it grows with what is written. */
export function PromptField() {
  const words = useWords();
  const { prompt } = useStore($draft);
  const id = useId();
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {words.prompt}
      </label>
      <textarea
        id={id}
        className="prompt"
        data-focus="prompt"
        rows={4}
        maxLength={32_000}
        value={prompt}
        placeholder={words.promptHint}
        onChange={({ target }) => setDraft({ prompt: target.value })}
      />
    </div>
  );
}
