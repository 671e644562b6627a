import { createHash } from 'node:crypto';
import type { Image } from '@easel/plugin-sdk';
import { extensionOf } from './destination.js';

/** What is known of a stored picture. */
export interface StoredImage {
  /** Its SHA-256 and the extension of its format: what it is asked for by. */
  readonly name: string;
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

export interface Retention {
  readonly days: number;
  readonly megabytes: number;
}

/** Names that a store gives. */
export const namePattern = /^[0-9a-f]{64}\.[a-z0-9-]{1,10}$/;

/** The name of a picture: equal bytes have one name. */
export const nameOf = (bytes: Uint8Array, mediaType: string): string =>
  `${createHash('sha256').update(bytes).digest('hex')}${extensionOf(mediaType)}`;

/**
 * Pictures that are kept, each under the hash of its bytes: equal pictures are one, and a name never changes
 * its meaning. What is written rejects with ERR_STORAGE where it cannot be.
 */
export interface ResultStore {
  /** Writes a picture and what is known of it, each whole or not at all. */
  put(image: Image, about: Readonly<Record<string, unknown>>): Promise<StoredImage>;
  /** Writes a picture of which nothing else is known; answers its name. */
  putBytes(bytes: Uint8Array, mediaType: string): Promise<string>;
  /** What is known of a picture. Undefined: there is none of that name. */
  about(name: string): Promise<Record<string, unknown> | undefined>;
  /** The bytes of a picture. Undefined: there is none of that name. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Keeps a smaller one beside a picture. */
  keepThumbnail(name: string, bytes: Uint8Array): Promise<void>;
  /** The smaller one that was kept. Undefined: none was. */
  readThumbnail(name: string): Promise<Uint8Array | undefined>;
  /** Absolute path of a picture, there or not. Undefined: it is not on this machine. */
  fileOf(name: string): string | undefined;
  /** Removes a picture with all that lies beside it. */
  remove(name: string): Promise<void>;
  /**
   * Removes what is older than it may be, and then the oldest until the rest is as small as it may be.
   * Answers which went.
   */
  sweep(retention: Retention, now: number): Promise<string[]>;
}
