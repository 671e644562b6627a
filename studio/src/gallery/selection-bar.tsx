import { useStore } from '@nanostores/react';
import { useLocation } from 'wouter';
import { imageAddress } from '../api/jobs.js';
import { Icon } from '../controls/icon.js';
import { useWords } from '../language/words.js';
import { $selected, endSelecting } from './selection.js';
import { remove, starAll } from './verbs.js';

const pauseMs = 150;

/** What can be done with several images at once. */
export function SelectionBar() {
  const words = useWords();
  const selected = useStore($selected);
  const [, goTo] = useLocation();
  const [one, other] = selected;
  const isNone = selected.length === 0;
  return (
    <section className="bar selection" aria-label={words.selection}>
      <p className="hint figure" role="status">
        {isNone ? words.selectHint : words.selectedCount(selected.length)}
      </p>
      <span className="spacer" />
      <button type="button" disabled={selected.length !== 2} onClick={() => goTo(`/compare/${one}/${other}`)}>
        <Icon name="compare" />
        {words.compare}
      </button>
      <button type="button" disabled={isNone} onClick={() => void starAll(selected)}>
        <Icon name="star" />
        {words.star}
      </button>
      <button type="button" disabled={isNone} onClick={() => void download(selected)}>
        <Icon name="download" />
        {words.download}
      </button>
      <button
        type="button"
        disabled={isNone}
        onClick={() => {
          void remove(selected);
          endSelecting();
        }}
      >
        <Icon name="delete" />
        {words.delete}
      </button>
      <button type="button" onClick={endSelecting}>
        {words.done}
      </button>
    </section>
  );
}

/** Each as a file of its own; browsers take them for one wish where they come one after the other. */
async function download(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const link = document.createElement('a');
    link.href = imageAddress(name);
    link.download = name;
    link.click();
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
