import { EaselError } from '../errors.js';
import type { BatchDriver } from './driver.js';
import type { Ask } from './line.js';
import { frameBytes } from './write-batch.js';

/** Throws ERR_REQUEST_INVALID for a body that no batch could hold. */
export function checkSizes(asks: readonly Ask[], { provider, mostBytes }: BatchDriver): void {
  for (const { body } of asks) {
    const bytes = Buffer.byteLength(body) + frameBytes;
    if (bytes <= mostBytes) continue;
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `inputImages: they make a request of ${bytes} bytes; a batch at ${provider} has ${mostBytes}.`,
    });
  }
}
