import { useStore } from '@nanostores/react';
import { useId } from 'react';
import { Icon } from '../controls/icon.js';
import { useWords } from '../language/words.js';
import { $draft, seedLimit, setDraft } from './draft.js';

const drawSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;

/** The start of the random numbers: kept, or drawn anew each time. */
export function SeedField() {
  const words = useWords();
  const { seed } = useStore($draft);
  const id = useId();
  const isKept = seed !== undefined;
  const lock = isKept ? words.seedLocked : words.seedFree;
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {words.seed}
      </label>
      <div className="joined">
        <input
          id={id}
          className="box figure"
          inputMode="numeric"
          autoComplete="off"
          value={seed ?? ''}
          placeholder={words.seedRandom}
          onChange={({ target }) => {
            const digits = target.value.replace(/\D/g, '').slice(0, 10);
            setDraft({ seed: digits === '' ? undefined : Math.min(seedLimit, Number(digits)) });
          }}
        />
        <button
          type="button"
          className="square"
          aria-label={words.seedDraw}
          title={words.seedDraw}
          onClick={() => setDraft({ seed: drawSeed() })}
        >
          <Icon name="dice" />
        </button>
        <button
          type="button"
          className="square"
          aria-pressed={isKept}
          aria-label={lock}
          title={lock}
          onClick={() => setDraft({ seed: isKept ? undefined : drawSeed() })}
        >
          <Icon name={isKept ? 'locked' : 'unlocked'} />
        </button>
      </div>
    </div>
  );
}
