import { useStore } from '@nanostores/react';
import { useId } from 'react';
import type { Model } from '../api/schemas.js';
import { Select } from '../controls/select.js';
import { useWords } from '../language/words.js';
import { $draft, setDraft } from '../make/draft.js';
import { parametersOf } from './axes.js';

/** One image for each value of a parameter, or for each pair of two. */
export function GridFields({ model }: { readonly model: Model }) {
  const words = useWords();
  const draft = useStore($draft);
  return (
    <details className="field more" open={draft.gridX !== undefined}>
      <summary>{words.grid.title}</summary>
      <Axis
        model={model}
        label={words.grid.columns}
        parameter={draft.gridX}
        values={draft.gridXValues}
        onParameter={(gridX) => setDraft({ gridX, ...(gridX ? {} : { gridXValues: undefined }) })}
        onValues={(gridXValues) => setDraft({ gridXValues })}
      />
      <Axis
        model={model}
        label={words.grid.rows}
        parameter={draft.gridY}
        values={draft.gridYValues}
        onParameter={(gridY) => setDraft({ gridY, ...(gridY ? {} : { gridYValues: undefined }) })}
        onValues={(gridYValues) => setDraft({ gridYValues })}
      />
    </details>
  );
}

interface AxisProps {
  readonly model: Model;
  readonly label: string;
  readonly parameter: string | undefined;
  readonly values: string | undefined;
  readonly onParameter: (parameter: string | undefined) => void;
  readonly onValues: (values: string | undefined) => void;
}

function Axis({ model, label, parameter, values, onParameter, onValues }: AxisProps) {
  const words = useWords();
  const id = useId();
  const { names, none, hint, hintOfTexts } = words.grid;
  const options = [
    { value: '', label: none },
    ...parametersOf(model).map((one) => ({ value: one, label: names[one] })),
  ];
  return (
    <div className="pair">
      <div>
        <Select
          label={label}
          value={parameter ?? ''}
          groups={[{ label, options }]}
          onChange={(chosen) => onParameter(chosen || undefined)}
        />
      </div>
      {parameter !== undefined && (
        <div>
          <label className="label" htmlFor={id}>
            {words.grid.valuesOf(label)}
          </label>
          <input
            id={id}
            className="box"
            value={values ?? ''}
            placeholder={parameter === 'prompt' ? hintOfTexts : hint}
            onChange={({ target }) => onValues(target.value || undefined)}
          />
        </div>
      )}
    </div>
  );
}
