import type { Model } from '../api/schemas.js';
import type { Draft } from '../make/draft.js';

export const gridParameters = ['prompt', 'steps', 'guidance_scale', 'sampler', 'seed'] as const;
export type GridParameter = (typeof gridParameters)[number];

export interface GridAxis {
  readonly parameter: string;
  readonly values: readonly (string | number)[];
}
export interface Grid {
  readonly x: GridAxis;
  readonly y?: GridAxis | undefined;
}

/** What a model has that may differ from image to image. */
export function parametersOf({ supports }: Model): GridParameter[] {
  const has = {
    prompt: true,
    steps: supports.steps,
    guidance_scale: supports.guidanceScale,
    sampler: supports.sampler,
    seed: supports.seed,
  };
  return gridParameters.filter((parameter) => has[parameter]);
}

/** Values as people write them: between semicolons where there is one, as in prompts, else between commas. */
function axisOf(parameter: string | undefined, text: string | undefined, model: Model): GridAxis | undefined {
  if (!parametersOf(model).some((one) => one === parameter) || parameter === undefined) return undefined;
  const between = parameter === 'prompt' || text?.includes(';') ? ';' : ',';
  const written = (text ?? '').split(between).map((one) => one.trim());
  const values = [...new Set(written.filter(Boolean))];
  if (values.length === 0) return undefined;
  const isText = parameter === 'prompt' || parameter === 'sampler';
  // What is no number is sent as it stands, and refused with the reason.
  return {
    parameter,
    values: values.map((one) => (isText || Number.isNaN(Number(one)) ? one : Number(one))),
  };
}

/** The grid that is set. Undefined: none is. */
export function gridOf(draft: Draft, model: Model): Grid | undefined {
  const x = axisOf(draft.gridX, draft.gridXValues, model);
  const y = axisOf(draft.gridY, draft.gridYValues, model);
  if (x && y && x.parameter !== y.parameter) return { x, y };
  const only = x ?? y;
  return only && { x: only };
}

export const cellCount = ({ x, y }: Grid): number => x.values.length * (y?.values.length ?? 1);
