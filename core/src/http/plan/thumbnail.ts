import { readFile } from 'node:fs/promises';
import type { ResultStore } from '../../results/result-store.js';
import { writeWholeFile } from '../../results/write-whole-file.js';

/** Pixels of the longer edge. */
const edge = 256;

/** A small WebP of a stored picture, made by the first who asks for it. Undefined: the picture is none that can be made smaller. */
export async function thumbnailOf(results: ResultStore, name: string): Promise<Uint8Array | undefined> {
  const path = `${results.pathOf(name)}.thumb.webp`;
  const known = await readFile(path).catch(() => undefined);
  if (known) return known;
  const { default: sharp } = await import('sharp');
  const made = await sharp(results.pathOf(name))
    .resize(edge, edge, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 80 })
    .toBuffer()
    .catch(() => undefined);
  if (made) await writeWholeFile(path, made, { replace: true });
  return made;
}
