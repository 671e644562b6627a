import { EaselError } from '@easel/plugin-sdk';
import { withImage } from '@easel/plugin-sdk/images';
import type { ResultStore } from '../../results/result-store.js';

/** Pixels of the longer edge. */
const edge = 256;
/** Milliseconds and seconds that a thumbnail may wait and take. */
const limits = { waitMs: 10_000, seconds: 10 } as const;

/**
 * A small WebP of a stored picture, made by the first who asks for it. Undefined: the picture is none that
 * can be made smaller.
 */
export async function thumbnailOf(results: ResultStore, name: string): Promise<Uint8Array | undefined> {
  const known = await results.readThumbnail(name);
  if (known) return known;
  const stored = await results.read(name);
  const made =
    stored &&
    (await withImage(
      stored,
      ({ image }) =>
        image
          .resize(edge, edge, { fit: 'inside', withoutEnlargement: true })
          .webp({ quality: 80 })
          .toBuffer(),
      limits,
    ).catch((error: unknown) => {
      if (EaselError.isInstance(error)) throw error;
      return undefined;
    }));
  // Whoever asks is answered although it cannot be kept.
  if (made) await results.keepThumbnail(name, made).catch(() => {});
  return made;
}
