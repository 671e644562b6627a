import { useStore } from '@nanostores/react';
import { $locale, useWords } from '../language/words.js';
import { $modelFiles, restore } from './model-files.js';

/** The models that were removed and can be had back. */
export function RemovedField() {
  const words = useWords();
  const locale = useStore($locale);
  const removed = useStore($modelFiles)?.removed ?? [];
  if (removed.length === 0) return null;
  const timeOf = (until: string) =>
    new Date(until).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
  return (
    <section className="model-group" aria-label={words.modelSet.removed}>
      <h2 className="label">{words.modelSet.removed}</h2>
      <ul className="plugins">
        {removed.map(({ id, name, until }) => (
          <li key={id} className="model">
            <div>
              <h3 dir="auto">{name}</h3>
              <p className="fine">{words.deletedAt(timeOf(until))}</p>
            </div>
            <button type="button" aria-label={`${words.undo}: ${name}`} onClick={() => void restore(id)}>
              {words.undo}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
