import { useStore } from '@nanostores/react';
import { type KeyboardEvent, useId, useRef } from 'react';
import { isolate } from '../controls/isolate.js';
import { useWords } from '../language/words.js';
import { $ended } from '../live/jobs.js';
import { $draft, setDraft } from './draft.js';
import { changeWeight, chosenParts } from './prompt-weight.js';

const weightStep = 0.1;

/** The text that makes an image; it grows with what is written. */
export function PromptField() {
  const words = useWords();
  const { prompt } = useStore($draft);
  const ended = useStore($ended);
  const id = useId();
  /** How many prompts back in the history the field is, and what was written before. */
  const back = useRef({ steps: 0, written: '' });
  const chosen = chosenParts(prompt);

  const walk = (by: 1 | -1) => {
    const { steps, written } = back.current;
    const now = steps === 0 ? prompt : written;
    const history = [...new Set(ended.flatMap(({ request }) => request?.prompt ?? []))].filter(
      (one) => one !== now,
    );
    const next = Math.min(history.length, Math.max(0, steps + by));
    back.current = { steps: next, written: now };
    setDraft({ prompt: history[next - 1] ?? now });
  };
  const weigh = (field: HTMLTextAreaElement, by: number) => {
    const change = changeWeight(prompt, { start: field.selectionStart, end: field.selectionEnd }, by);
    if (!change) return;
    const { range, text } = change;
    field.setSelectionRange(range.start, range.end);
    // As if it were typed: the browser's own undo has it.
    document.execCommand('insertText', false, text);
    field.setSelectionRange(range.start, range.start + text.length);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const up = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : undefined;
    if (up === undefined || event.shiftKey) return;
    if (event.altKey && !event.ctrlKey) walk(up);
    else if ((event.ctrlKey || event.metaKey) && !event.altKey) weigh(event.currentTarget, up * weightStep);
    else return;
    event.preventDefault();
  };

  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {words.prompt}
      </label>
      <textarea
        id={id}
        className="prompt"
        dir="auto"
        data-focus="prompt"
        rows={4}
        maxLength={32_000}
        value={prompt}
        placeholder={words.promptHint}
        onKeyDown={onKeyDown}
        onChange={({ target }) => {
          back.current = { steps: 0, written: '' };
          setDraft({ prompt: target.value });
        }}
      />
      {chosen.length > 0 && (
        <p className="fine chosen">{words.chosenBySeed(chosen.map(isolate).join(' '))}</p>
      )}
    </div>
  );
}
