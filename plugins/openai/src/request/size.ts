import type { GenerationRequest } from '@easel/plugin-sdk';
import type { Server } from '../servers/index.js';
import type { Options } from '../settings.js';

/**
 * The fields that say how large an image is to be. What comes out is compared with what was asked for, and
 * told.
 */
export function sizeFields(
  { size }: Pick<Server, 'size'>,
  wanted: Pick<GenerationRequest, 'width' | 'height'>,
  { sizes }: Pick<Options, 'sizes'>,
): Record<string, string | number> {
  const { width, height } = sizes ? nearestSize(sizes, wanted) : wanted;
  if (size.kind === 'size') return { size: `${width}x${height}` };
  if (size.kind === 'edges') return { width, height };
  const aspect_ratio = nearest(size.ratios, (ratio) => shapeOf(ratio, ':'), width / height);
  const resolution = nearest(
    Object.keys(size.resolutions),
    (name) => size.resolutions[name] as number,
    Math.sqrt(width * height),
  );
  return { aspect_ratio, resolution };
}

function nearestSize(sizes: readonly string[], { width, height }: { width: number; height: number }) {
  const [wide, high] = nearest(sizes, (size) => shapeOf(size, 'x'), width / height)
    .split('x')
    .map(Number);
  return { width: wide as number, height: high as number };
}

/** Width by height, of `16:9` or `1024x1536`. */
function shapeOf(text: string, separator: string): number {
  const [width = 1, height = 1] = text.split(separator).map(Number);
  return width / height;
}

/** Twice as large and half as large are equally far away. */
function nearest(names: readonly string[], measure: (name: string) => number, wanted: number): string {
  const distance = (name: string) => Math.abs(Math.log(measure(name) / wanted));
  return names.reduce((best, name) => (distance(name) < distance(best) ? name : best));
}
