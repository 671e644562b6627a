import { useStore } from '@nanostores/react';
import { useId } from 'react';
import type { GalleryFilter } from '../api/gallery.js';
import { Icon } from '../controls/icon.js';
import { $locale, useWords } from '../language/words.js';

type Days = Pick<GalleryFilter, 'since' | 'until'>;

interface Props extends Days {
  readonly onChange: (change: Partial<Days>) => void;
}

/** Narrows the gallery to the days between two, both included. */
export function DateFilter({ since, until, onChange }: Props) {
  const words = useWords();
  const locale = useStore($locale);
  const id = useId();
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
  const name = () => {
    if (since && until) return format.formatRange(new Date(since), new Date(until));
    if (since) return words.sinceDay(format.format(new Date(since)));
    return until ? words.untilDay(format.format(new Date(until))) : words.anyDate;
  };
  return (
    <>
      <button
        type="button"
        className="date-button"
        popoverTarget={id}
        data-set={since !== '' || until !== ''}
      >
        {name()}
        <Icon name="down" />
      </button>
      <fieldset id={id} popover="auto" className="date-days" aria-label={words.made}>
        <label className="label">
          <span>{words.firstDay}</span>
          <input
            type="date"
            className="box figure"
            value={since}
            max={until || undefined}
            onChange={({ target }) => onChange({ since: target.value })}
          />
        </label>
        <label className="label">
          <span>{words.lastDay}</span>
          <input
            type="date"
            className="box figure"
            value={until}
            min={since || undefined}
            onChange={({ target }) => onChange({ until: target.value })}
          />
        </label>
        <button type="button" onClick={() => onChange({ since: '', until: '' })}>
          {words.anyDate}
        </button>
      </fieldset>
    </>
  );
}
