import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** Length of a sha256 in hexadecimal; a hash of another length is git's. */
const sha256Digits = 64;

/**
 * The hash of a file's contents, of the kind that `like` is: sha256, or git's sha1 of a blob, by which a hub
 * names its small files.
 *
 * @returns hexadecimal
 */
export async function hashLike(path: string, like: string): Promise<string> {
  if (like.length === sha256Digits) return await digest(path, createHash('sha256'));
  const { size } = await stat(path);
  return await digest(path, createHash('sha1').update(`blob ${size}\0`));
}

async function digest(path: string, hash: ReturnType<typeof createHash>): Promise<string> {
  await pipeline(createReadStream(path, { highWaterMark: 1024 ** 2 }), hash);
  return hash.digest('hex');
}
