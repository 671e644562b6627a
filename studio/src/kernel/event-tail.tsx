import { useStore } from '@nanostores/react';
import { useEffect, useState } from 'react';
import { $locale, useWords } from '../language/words.js';
import { $kernelEvents, type KernelEvent, watchKernel } from './kernel-events.js';

const shown = 60;

/** What happens in the kernel, the newest first; it can be held while it is read. */
export function EventTail() {
  const words = useWords();
  const events = useStore($kernelEvents);
  const locale = useStore($locale);
  const [held, setHeld] = useState<readonly KernelEvent[]>();
  useEffect(watchKernel, []);
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const list = (held ?? events).slice(-shown).toReversed();
  return (
    <section className="tail" aria-labelledby="events">
      <header>
        <h2 className="label" id="events">
          {words.events}
        </h2>
        <button
          type="button"
          className="quiet"
          aria-pressed={held !== undefined}
          onClick={() => setHeld(held ? undefined : events)}
        >
          {held ? words.goOn : words.pause}
        </button>
      </header>
      {list.length === 0 && <p className="hint">{words.noEvents}</p>}
      <ol>
        {list.map(({ id, time: at, name, plugin, outcome, durationMs, error }) => (
          <li key={id} data-bad={error !== undefined || (outcome !== undefined && outcome !== 'ok')}>
            <time className="figure fine" dateTime={at}>
              {time.format(new Date(at))}
            </time>
            <span className="figure">{name}</span>
            <span>{plugin}</span>
            <span className="fine">
              {[outcome, durationMs !== undefined && `${Math.round(durationMs)} ms`, error?.message]
                .filter(Boolean)
                .join(' · ')}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
