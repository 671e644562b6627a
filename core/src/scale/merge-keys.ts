import type { KeyFileContent } from '../keys/key-file.js';

/**
 * The keys of two servers, each with the changes that it has made since both had the same: a key that one of
 * them has revoked is gone, and one that it has made is there.
 *
 * @param base ids of those that both had. Undefined: nothing yet
 */
export function mergeKeys(
  base: readonly string[] | undefined,
  own: KeyFileContent | undefined,
  theirs: KeyFileContent | undefined,
): KeyFileContent | undefined {
  if (!own || !theirs) return theirs ?? own;
  const has = ({ keys }: KeyFileContent, id: string) => keys.some((key) => key.id === id);
  const isRevoked = (id: string) => base?.includes(id) && !(has(own, id) && has(theirs, id));
  const all = [...theirs.keys, ...own.keys.filter(({ id }) => !has(theirs, id))];
  return { signingSecret: theirs.signingSecret, keys: all.filter(({ id }) => !isRevoked(id)) };
}
