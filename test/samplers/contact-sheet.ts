/**
 * Paints one prompt with every sampler and schedule of the local engine, and puts the pictures on one sheet.
 *
 * @module
 */
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import sharp from 'sharp';
import { samplerNames } from '../../plugins/local-diffusion/src/sampling/names.js';

/** What is asked for. */
export const subject = { prompt: 'a red circle on a blue background', seed: 7, steps: 30 };

export interface Painted {
  readonly sampler: string;
  /** PNG, 96 x 96 pixels. */
  readonly bytes: Uint8Array;
}

/** One picture a sampler, in the order of their names in the code. */
export async function paintAll(
  manager: ImageServiceManager,
  samplers: readonly string[] = samplerNames(),
  request: object = {},
): Promise<Painted[]> {
  const painted: Painted[] = [];
  for (const sampler of samplers) {
    const { images } = await manager.generateImage({
      ...subject,
      model: 'picturebook',
      sampler,
      ...request,
    });
    painted.push({ sampler, bytes: images[0]!.bytes });
  }
  return painted;
}

const columns = 8;
const cell = { width: 112, height: 120 };

/** A labelled sheet, as WebP. */
export async function drawSheet(painted: readonly Painted[]): Promise<Buffer> {
  const rows = Math.ceil(painted.length / columns);
  const tiles = painted.map(({ sampler, bytes }, index) => {
    const left = (index % columns) * cell.width;
    const top = Math.floor(index / columns) * cell.height;
    const label = `<svg width="${cell.width}" height="24"><text x="8" y="16" font-family="sans-serif" font-size="9">${sampler.replaceAll('_', ' ')}</text></svg>`;
    return [
      { input: Buffer.from(bytes), left: left + 8, top },
      { input: Buffer.from(label), left, top: top + 96 },
    ];
  });
  const sheet = { width: columns * cell.width, height: rows * cell.height, channels: 3 as const };
  return await sharp({ create: { ...sheet, background: 'white' } })
    .composite(tiles.flat())
    .webp({ quality: 80 })
    .toBuffer();
}

/** A kernel with the bundled plugins and models alone. */
export const openKernel = (): ImageServiceManager =>
  createImageServiceManager({ configuration: { pluginFolders: [], catalogueFolders: [] } });

const edge = 24;

/** The mean difference of two pictures, seen small: grey levels of 255. */
export async function differenceOf(one: Uint8Array, other: Uint8Array): Promise<number> {
  const [first, second] = await Promise.all(
    [one, other].map((bytes) => sharp(bytes).removeAlpha().resize(edge, edge).raw().toBuffer()),
  );
  return first!.reduce((sum, value, index) => sum + Math.abs(value - second![index]!), 0) / first!.length;
}
