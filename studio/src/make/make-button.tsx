import { useStore } from '@nanostores/react';
import type { Model } from '../api/schemas.js';
import { cellCount, gridOf } from '../grid/axes.js';
import { formatCost, formatTime, useWords } from '../language/words.js';
import { $ended } from '../live/jobs.js';
import { $draft } from './draft.js';
import { estimateCost, estimateMs } from './estimate.js';

/** Says what will happen, about how long it takes, and what it costs. */
export function MakeButton({ model }: { readonly model: Model | undefined }) {
  const words = useWords();
  const draft = useStore($draft);
  const ended = useStore($ended);
  const grid = model && gridOf(draft, model);
  const n = grid ? cellCount(grid) : Math.min(draft.count ?? 1, model?.supports.images ?? 1);
  return (
    <div className="go">
      <button type="submit" className="primary" disabled={!model?.available}>
        {words.make(n)}
        <span className="key" aria-hidden="true">
          {words.keySheet.names.get('Ctrl') ?? 'Ctrl'} ↵
        </span>
      </button>
      <p className="hint">{hint()}</p>
    </div>
  );

  function hint(): string {
    if (!model?.available) return words.noModel;
    const { defaults } = model;
    const work = {
      model: model.id,
      size: `${draft.width ?? defaults.width}x${draft.height ?? defaults.height}`,
      n,
      steps: model.supports.steps ? (draft.steps ?? defaults.steps ?? 1) : 1,
    };
    const took = estimateMs(work, ended);
    const cost = estimateCost(work, ended);
    const time = took === undefined ? words.notMeasured : words.about(formatTime(took, words));
    return [time, cost && words.makeCost(formatCost(cost)), model.plugin].filter(Boolean).join(' · ');
  }
}
