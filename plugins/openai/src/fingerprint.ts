import { createHash } from 'node:crypto';
import type { GenerationRequest } from '@easel/plugin-sdk';
import type { Fields } from './request/fields.js';

/** Tells requests of a call apart by what they ask for, images included. */
export function fingerprintOf(
  fields: Fields,
  { inputImages, mask }: Pick<GenerationRequest, 'inputImages' | 'mask'>,
): string {
  const hash = createHash('sha256').update(JSON.stringify(fields));
  for (const { bytes } of [...inputImages, ...(mask ? [mask] : [])])
    hash.update(`\n${bytes.byteLength}\n`).update(bytes);
  return hash.digest('hex');
}
