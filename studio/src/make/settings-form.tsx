import { useStore } from '@nanostores/react';
import type { Model } from '../api/schemas.js';
import { NumberSlider } from '../controls/number-slider.js';
import { gridOf } from '../grid/axes.js';
import { GridFields } from '../grid/grid-fields.js';
import { useWords } from '../language/words.js';
import { $draft, setDraft } from './draft.js';
import { ImageField } from './image-field.js';
import { MakeButton } from './make-button.js';
import { ModelField } from './model-field.js';
import { MoreFields } from './more-fields.js';
import { PromptField } from './prompt-field.js';
import { SeedField } from './seed-field.js';
import { ShapeField } from './shape-field.js';
import { make } from './submit.js';

const usualSteps = 50;

/** All that is set for an image; what a model does not have is not there. */
export function SettingsForm({ model }: { readonly model: Model | undefined }) {
  const words = useWords();
  const draft = useStore($draft);
  const submit = () => {
    if (model?.available && draft.prompt.trim()) void make(model);
    else document.querySelector<HTMLElement>('[data-focus=prompt]')?.focus();
  };
  return (
    <form
      className="settings"
      aria-label={words.pages.make}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        submit();
      }}
    >
      <PromptField />
      {model && (
        <>
          <ModelField model={model} />
          {model.supports.inputImages > 0 && <ImageField model={model} />}
          <ShapeField model={model} />
          <div className="field pair">
            {model.supports.steps && (
              <NumberSlider
                label={words.steps}
                value={draft.steps ?? model.defaults.steps ?? 20}
                min={1}
                max={Math.max(usualSteps, model.defaults.steps ?? 0)}
                onChange={(steps) => setDraft({ steps })}
              />
            )}
            {model.supports.images > 1 && !gridOf(draft, model) && (
              <NumberSlider
                label={words.count}
                value={draft.count ?? 1}
                min={1}
                max={Math.min(8, model.supports.images)}
                onChange={(count) => setDraft({ count })}
              />
            )}
          </div>
          {model.supports.seed && <SeedField />}
          <MoreFields model={model} />
          <GridFields model={model} />
        </>
      )}
      <MakeButton model={model} />
    </form>
  );
}
