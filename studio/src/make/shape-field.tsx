import { useStore } from '@nanostores/react';
import { useId, useState } from 'react';
import type { Model } from '../api/schemas.js';
import { useWords } from '../language/words.js';
import { $draft, setDraft } from './draft.js';
import { shapesOf } from './shapes.js';

const iconEdge = 24;

/** The shape of the image: a few ratios, or two numbers. */
export function ShapeField({ model }: { readonly model: Model }) {
  const words = useWords();
  const draft = useStore($draft);
  const group = useId();
  const { defaults } = model;
  const [width, height] = [draft.width ?? defaults.width, draft.height ?? defaults.height];
  const shapes = shapesOf(model);
  const isListed = shapes.some((shape) => shape.width === width && shape.height === height);
  const [isExact, setExact] = useState(false);
  return (
    <fieldset className="field">
      <legend className="label">
        <span>{words.shape}</span>
        <span className="figure">
          {width} × {height}
        </span>
      </legend>
      <div className="shapes">
        {shapes.map((shape) => {
          const scale = iconEdge / Math.max(shape.width, shape.height);
          return (
            <label key={shape.name} className="shape">
              <svg className="shape-icon" viewBox="0 0 26 26" aria-hidden="true">
                <rect
                  x={13 - (shape.width * scale) / 2}
                  y={13 - (shape.height * scale) / 2}
                  width={shape.width * scale}
                  height={shape.height * scale}
                  rx="1.5"
                />
              </svg>
              {shape.name}
              <input
                type="radio"
                name={group}
                checked={shape.width === width && shape.height === height}
                onChange={() => setDraft({ width: shape.width, height: shape.height })}
              />
            </label>
          );
        })}
        <button
          type="button"
          className="quiet exact-switch"
          aria-expanded={isExact || !isListed}
          onClick={() => setExact(!isExact)}
        >
          {words.exactSize}
        </button>
      </div>
      {(isExact || !isListed) && (
        <div className="exact">
          <EdgeField
            label={words.width}
            value={width}
            model={model}
            onChange={(width) => setDraft({ width, height })}
          />
          <EdgeField
            label={words.height}
            value={height}
            model={model}
            onChange={(height) => setDraft({ width, height })}
          />
        </div>
      )}
    </fieldset>
  );
}

interface EdgeProps {
  readonly label: string;
  readonly value: number;
  readonly model: Model;
  readonly onChange: (value: number) => void;
}

function EdgeField({ label, value, model, onChange }: EdgeProps) {
  const { minimumEdge, maximumEdge, edgeMultiple } = model.supports;
  const id = useId();
  return (
    <div>
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        className="box figure"
        type="number"
        min={minimumEdge}
        max={maximumEdge}
        step={edgeMultiple}
        value={value}
        onChange={({ target }) => target.value !== '' && onChange(target.valueAsNumber)}
        onBlur={() =>
          onChange(
            Math.min(maximumEdge, Math.max(minimumEdge, Math.round(value / edgeMultiple) * edgeMultiple)),
          )
        }
      />
    </div>
  );
}
