import { withImage } from '@easel/plugin-sdk/images';
import type { Dialect } from './dialects.js';
import type { Problem } from './errors.js';
import type { Inputs } from './inputs.js';

/** What is wrong with a field, as the server says it. */
export function problemOf(
  issue:
    | {
        readonly code: string;
        readonly path: readonly PropertyKey[];
        readonly message: string;
        readonly keys?: readonly string[];
      }
    | undefined,
  { errors }: Dialect,
): Problem {
  const status = errors === 'fastapi' ? 422 : 400;
  const unknown = issue?.keys?.[0];
  if (unknown !== undefined)
    return { status, message: `Unknown parameter: '${unknown}'.`, param: unknown, code: 'unknown_parameter' };
  const param = issue?.path.map(String).join('.') ?? '';
  return { status, message: `Invalid value for '${param}': ${issue?.message}`, param, code: 'invalid_value' };
}

/** What is wrong with the images of a request. Undefined: nothing. */
export async function findProblem(
  { images, mask }: Inputs,
  edit: Dialect['edit'],
  kind: 'generate' | 'edit',
): Promise<Problem | undefined> {
  if (kind === 'edit' && images.length === 0)
    return { status: 400, message: "Missing required parameter: 'image'.", param: 'image' };
  if (!mask) return undefined;
  if (!edit?.hasMask) return { status: 400, message: "Unknown parameter: 'mask'.", param: 'mask' };
  const [first, own] = await Promise.all([describe(images[0] as Buffer), describe(mask)]);
  if (own.format !== 'png' || !own.hasAlpha)
    return { status: 400, message: 'The mask must be a PNG with an alpha channel.', param: 'mask' };
  return first.width === own.width && first.height === own.height
    ? undefined
    : { status: 400, message: 'The mask must have the size of the image.', param: 'mask' };
}

/** Pixels of the image that fields ask for; where they name a shape, a small one of that shape. */
export function sizeOf({
  size,
  width,
  height,
  aspect_ratio: ratio,
  resolution,
}: Readonly<Record<string, unknown>>) {
  if (width !== undefined) return { width: Number(width), height: Number(height) };
  if (typeof ratio === 'string' && ratio !== 'auto') {
    const [wide = 1, high = 1] = ratio.split(':').map(Number);
    const edge = resolution === '2k' ? 128 : 64;
    return {
      width: Math.round(edge * Math.sqrt(wide / high)),
      height: Math.round(edge * Math.sqrt(high / wide)),
    };
  }
  const [wide, high] = /^\d+x\d+$/.test(String(size)) ? String(size).split('x').map(Number) : [64, 64];
  return { width: wide as number, height: high as number };
}

const describe = (bytes: Buffer) =>
  withImage(bytes, async ({ format, width, height, image }) => {
    const { hasAlpha } = await image.metadata();
    return { format, width, height, hasAlpha };
  });
