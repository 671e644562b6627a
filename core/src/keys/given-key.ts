import { createHash, createHmac } from 'node:crypto';
import { EaselError } from '@easel/plugin-sdk';
import { type ApiKey, scopes } from './key-file.js';

/** Characters below which a key could be guessed by its hash. */
const shortest = 24;

/** A key that somebody else keeps, such as the secret of a container, and that may do everything. */
export interface GivenKey {
  readonly key: ApiKey;
  /**
   * Signs URLs where no other keys are there. The same key always has the same one, so that URLs outlive a
   * restart.
   */
  readonly signingSecret: string;
}

/** Throws ERR_CONFIG_INVALID for a text that could be guessed. @param name by which people know the key */
export function createGivenKey(text: string, name: string): GivenKey {
  if (text.length < shortest || /\s/.test(text))
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `${name} is not a key: it has to have at least ${shortest} characters, and no blanks.`,
      hint: 'Make one, for example with: openssl rand -hex 32',
    });
  const hash = createHash('sha256').update(text).digest('hex');
  const id = createHash('sha256').update(hash).digest('hex').slice(0, 8);
  return {
    key: { id, name, hash, scopes: [...scopes], createdAt: new Date().toISOString() },
    signingSecret: createHmac('sha256', text).update('easel: signed URLs').digest('hex'),
  };
}
