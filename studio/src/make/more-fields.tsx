import { useStore } from '@nanostores/react';
import { useId } from 'react';
import type { Model } from '../api/schemas.js';
import { NumberSlider } from '../controls/number-slider.js';
import { Select } from '../controls/select.js';
import { useWords } from '../language/words.js';
import { ControlField } from './control-field.js';
import { $draft, hasPrecision, setDraft } from './draft.js';
import { LoraField } from './lora-field.js';
import { SamplerField } from './sampler-field.js';
import { StyleField } from './style-field.js';

/** What few people set, as far as the model has it. */
export function MoreFields({ model }: { readonly model: Model }) {
  const words = useWords();
  const draft = useStore($draft);
  const id = useId();
  const { supports, defaults, choices } = model;
  const takesLoras = choices.promptTags.some(({ tag }) => tag === 'lora');
  return (
    <details className="field more">
      <summary>{words.more}</summary>
      {supports.negativePrompt && (
        <div>
          <label className="label" htmlFor={id}>
            {words.negativePrompt}
          </label>
          <textarea
            id={id}
            className="box negative"
            rows={2}
            value={draft.negative ?? ''}
            placeholder={defaults.negativePrompt}
            onChange={({ target }) => setDraft({ negative: target.value || undefined })}
          />
        </div>
      )}
      {supports.guidanceScale && (
        <NumberSlider
          label={words.guidance}
          value={draft.guidance ?? defaults.guidanceScale ?? 7}
          min={0}
          max={20}
          step={0.5}
          onChange={(guidance) => setDraft({ guidance })}
        />
      )}
      {supports.sampler && choices.samplers.length > 0 && <SamplerField model={model} />}
      {hasPrecision(model) && <PrecisionField />}
      {takesLoras && <LoraField />}
      {supports.control > 0 && <ControlField model={model} />}
      <StyleField />
    </details>
  );
}

/** How exactly a model that is computed here is computed. */
function PrecisionField() {
  const words = useWords();
  const { precision } = useStore($draft);
  const options = Object.entries(words.precisions).map(([value, label]) => ({ value, label }));
  return (
    <div>
      <Select
        label={words.precision}
        value={precision ?? 'unset'}
        groups={[{ label: words.precision, options }]}
        onChange={(chosen) => setDraft({ precision: chosen === 'unset' ? undefined : chosen })}
      />
    </div>
  );
}
