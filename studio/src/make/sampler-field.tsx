import { useStore } from '@nanostores/react';
import type { Model } from '../api/schemas.js';
import { Select } from '../controls/select.js';
import { useWords } from '../language/words.js';
import { $draft, setDraft } from './draft.js';

/** A sampler and a schedule, which requests have as one name. */
export function splitSampler(name: string, schedules: readonly string[]): readonly [string, string] {
  const schedule = schedules.find((one) => name.toLowerCase().endsWith(` ${one.toLowerCase()}`)) ?? '';
  return [schedule ? name.slice(0, -schedule.length - 1) : name, schedule];
}

/** How an image is taken out of the noise: the samplers and schedules of the model, and its own. */
export function SamplerField({ model: { choices, defaults } }: { readonly model: Model }) {
  const words = useWords();
  const draft = useStore($draft);
  const { samplers, schedules } = choices;
  const [sampler, schedule] = splitSampler(draft.sampler ?? '', schedules);
  // One that stands in the address, or comes from a file, may have another of its names.
  const isListed = sampler === '' || samplers.includes(sampler);
  const named = isListed ? samplers : [sampler, ...samplers];
  const own = { value: '', label: words.asTheModel };
  const groupOf = (label: string, names: readonly string[]) => [
    { label, options: [own, ...names.map((name) => ({ value: name, label: name }))] },
  ];
  const set = (chosen: string, scheduled: string) => {
    const first = chosen || (scheduled && (defaults.sampler ?? samplers[0] ?? ''));
    setDraft({ sampler: [first, scheduled].filter(Boolean).join(' ') || undefined });
  };
  return (
    <div className="pair">
      <div>
        <Select
          label={words.sampler}
          value={sampler}
          groups={groupOf(words.sampler, named)}
          onChange={(chosen) => set(chosen, schedule)}
        />
      </div>
      {schedules.length > 0 && (
        <div>
          <Select
            label={words.schedule}
            value={schedule}
            groups={groupOf(words.schedule, schedules)}
            onChange={(chosen) => set(sampler, chosen)}
          />
        </div>
      )}
    </div>
  );
}
