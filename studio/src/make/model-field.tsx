import { useStore } from '@nanostores/react';
import type { Model } from '../api/schemas.js';
import { isolate } from '../controls/isolate.js';
import { type OptionGroup, Select } from '../controls/select.js';
import { useWords } from '../language/words.js';
import { $models } from '../live/models.js';
import { setDraft } from './draft.js';

/** The models, those that can be used first; the others say what they need. */
export function ModelField({ model }: { readonly model: Model }) {
  const words = useWords();
  const models = useStore($models);
  const optionsOf = (found: readonly Model[], noteOf: (model: Model) => string | undefined) =>
    found.map((one) => ({
      value: one.id,
      label: [isolate(one.name), noteOf(one)].filter(Boolean).join(' · '),
      isDisabled: !one.available,
    }));
  const groups: OptionGroup[] = [
    {
      label: words.modelSet.installed,
      options: optionsOf(
        models.filter(({ available }) => available),
        ({ plugin }) => plugin,
      ),
    },
    {
      label: words.modelSet.notInstalled,
      options: optionsOf(
        models.filter(({ available, installed }) => !available && !installed),
        () => undefined,
      ),
    },
    {
      label: words.modelSet.notConfigured,
      options: optionsOf(
        models.filter(({ available, installed }) => !available && installed),
        ({ missingSecrets }) => missingSecrets && words.modelNeeds(missingSecrets.join(', ')),
      ),
    },
  ];
  return (
    <div className="field">
      <Select
        label={words.model}
        value={model.id}
        groups={groups.filter(({ options }) => options.length > 0)}
        // Another model has other sizes and another pace.
        onChange={(chosen) =>
          setDraft({
            model: chosen,
            width: undefined,
            height: undefined,
            steps: undefined,
            guidance: undefined,
            sampler: undefined,
          })
        }
      />
    </div>
  );
}
