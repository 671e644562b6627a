import type { Item } from '../wire/frame.js';

/**
 * What tells a picture from others of its task; undefined for what is none, such as one that is still being
 * made.
 */
export const isPicture = (item: Item): string | undefined =>
  item.imageURL !== undefined || item.imageBase64Data !== undefined || item.imageDataURI !== undefined
    ? (item.imageUUID ?? item.imageURL ?? `seed ${item.seed}`)
    : undefined;
