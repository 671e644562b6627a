import { Dialog } from '@base-ui/react/dialog';
import { useId, useState } from 'react';
import type { Job } from '../api/schemas.js';
import { DialogFrame } from '../controls/dialog-frame.js';
import { Icon } from '../controls/icon.js';
import { useWords } from '../language/words.js';
import { type Form, forms, sentText } from './sent-texts.js';

/** What was sent for an image, in forms that other programs take, and the button that opens it. */
export function SentDialog({ job }: { readonly job: Job }) {
  const words = useWords();
  const group = useId();
  const [form, setForm] = useState<Form>('curl');
  const [isCopied, setCopied] = useState(false);
  const text = sentText(job, form);
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <DialogFrame
      title={words.sent}
      shape="dialog wide"
      onOpenChange={() => setCopied(false)}
      trigger={
        <Dialog.Trigger className="button">
          <Icon name="code" />
          {words.sent}
        </Dialog.Trigger>
      }
    >
      <div className="sent">
        <fieldset className="segments" aria-label={words.sentForm}>
          {forms.map((one) => (
            <label key={one} className="segment">
              <input
                type="radio"
                name={group}
                checked={form === one}
                onChange={() => {
                  setForm(one);
                  setCopied(false);
                }}
              />
              {one}
            </label>
          ))}
        </fieldset>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
        <pre className="figure" tabIndex={0}>
          {text}
        </pre>
        {/* Only pages that came over TLS or from this machine can put something there. */}
        {'clipboard' in navigator && (
          <button type="button" onClick={copy}>
            <Icon name={isCopied ? 'check' : 'copy'} />
            <span role="status">{isCopied ? words.copied : words.copy}</span>
          </button>
        )}
      </div>
    </DialogFrame>
  );
}
