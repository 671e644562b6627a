import { useStore } from '@nanostores/react';
import type { Gallery } from '../api/schemas.js';
import { $locale, useWords } from '../language/words.js';

interface Props {
  readonly days: Gallery['days'];
  readonly goTo: (place: number) => void;
}

/** Leads to the images of a day. */
export function DayRail({ days, goTo }: Props) {
  const words = useWords();
  const locale = useStore($locale);
  const format = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' });
  let place = 0;
  return (
    <nav className="days" aria-label={words.days}>
      <ul>
        {days.map(({ day, count }) => {
          const first = place;
          place += count;
          return (
            <li key={day}>
              <button type="button" className="quiet day" onClick={() => goTo(first)}>
                <span>{format.format(new Date(day))}</span>
                <span className="figure fine">{count}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
