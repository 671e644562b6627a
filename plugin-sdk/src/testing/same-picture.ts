import type { Image } from '../image.js';

/** Whether two pictures have the same bytes; one that is not there is like no other. */
export const isSame = (one: Image | undefined, other: Image | undefined): boolean =>
  one !== undefined && other !== undefined && Buffer.compare(one.bytes, other.bytes) === 0;
