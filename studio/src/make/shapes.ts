import type { Model } from '../api/schemas.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}
export interface Shape extends Size {
  /** Such as "3:4". */
  readonly name: string;
}

const ratios = [
  [1, 1],
  [3, 4],
  [4, 3],
  [9, 16],
  [16, 9],
] as const;

/**
 * The size of a ratio that a model makes, with about as many pixels as its usual one. Undefined: none comes
 * near.
 */
function sizeFor(ratio: number, { defaults, supports }: Model): Size | undefined {
  const { minimumEdge, maximumEdge, edgeMultiple } = supports;
  const area = defaults.width * defaults.height;
  let best: Size | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  const first = Math.ceil(minimumEdge / edgeMultiple) * edgeMultiple;
  for (let width = first; width <= Math.min(maximumEdge, 4 * Math.sqrt(area)); width += edgeMultiple) {
    const height = Math.round(width / ratio / edgeMultiple) * edgeMultiple;
    if (height < minimumEdge || height > maximumEdge) continue;
    const off = Math.abs(Math.log(width / height / ratio));
    const worth = 3 * off + Math.abs(Math.log((width * height) / area));
    if (off < 0.12 && worth < lowest) {
      lowest = worth;
      best = { width, height };
    }
  }
  return best;
}

/**
 * The size in which a model makes an image of another one's shape: its own size where the model makes that.
 */
export function sizeLike({ width, height }: Size, model: Model): Partial<Size> {
  const { minimumEdge, maximumEdge, edgeMultiple } = model.supports;
  const isMade = [width, height].every(
    (edge) => edge >= minimumEdge && edge <= maximumEdge && edge % edgeMultiple === 0,
  );
  const isUsual = width * height <= 4 * model.defaults.width * model.defaults.height;
  return isMade && isUsual ? { width, height } : (sizeFor(width / height, model) ?? {});
}

/** The shapes that people choose from. */
export const shapesOf = (model: Model): Shape[] =>
  ratios.flatMap(([wide, high]) => {
    const size = wide === high ? squareOf(model) : sizeFor(wide / high, model);
    return size ? [{ ...size, name: `${wide}:${high}` }] : [];
  });

const squareOf = (model: Model): Size | undefined =>
  model.defaults.width === model.defaults.height
    ? { width: model.defaults.width, height: model.defaults.height }
    : sizeFor(1, model);
