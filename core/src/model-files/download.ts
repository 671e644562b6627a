import { type FileHandle, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { EaselError } from '@easel/plugin-sdk';
import { hashLike } from './content-hash.js';
import type { HubClient, HubFile } from './hub-client.js';
import { retrying } from './retrying.js';
import { unreachable } from './unreachable.js';

/** Milliseconds without a byte after which a connection is given up and made anew. */
const stallMs = 60_000;

export interface Download {
  readonly client: HubClient;
  readonly address: string;
  readonly file: HubFile;
  /** Absolute path. What has come so far lies beside it, as `.incomplete`. */
  readonly target: string;
  /** Told how many bytes are there, after each piece. */
  readonly onBytes: (there: number) => void;
  /** Stops it; what has come is kept. Rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches a file, going on where an earlier try was cut off, and puts it under its name when its hash is
 * right.
 *
 * @throws ERR_MODEL_FILES_INVALID for contents that are not what the hub describes, which are not kept;
 * ERR_PROVIDER_UNAVAILABLE where the connection is lost again and again without another byte, and what has
 * come is kept
 */
export async function download({ client, address, file, target, onBytes, signal }: Download): Promise<void> {
  const partial = `${target}.incomplete`;
  let most = 0;
  let before = 0;
  await retrying(
    async () => {
      signal?.throwIfAborted();
      before = most;
      await fetchRest({ client, address, file, partial, signal }, (there) => {
        most = Math.max(most, there);
        onBytes(there);
      });
    },
    () => most > before,
  );
  if ((await hashLike(partial, file.hash)) !== file.hash) {
    await discard(partial);
    throw new EaselError({
      code: 'ERR_MODEL_FILES_INVALID',
      message: `${file.path} did not arrive as the hub describes it: its hash is not ${file.hash}.`,
      hint: 'Install it again; if that does not help, something between here and the hub changes it.',
    });
  }
  await rename(partial, target);
  await discard(partial);
}

/** The entity tag is kept beside it: the rest is asked for on condition that it is the same. */
const tagFile = (partial: string) => `${partial}.etag`;

async function discard(partial: string): Promise<void> {
  await rm(partial, { force: true });
  await rm(tagFile(partial), { force: true });
}

async function fetchRest(
  {
    client,
    address,
    file,
    partial,
    signal,
  }: Pick<Download, 'client' | 'address' | 'file' | 'signal'> & { partial: string },
  onBytes: (there: number) => void,
): Promise<void> {
  let there = await stat(partial).then(
    ({ size }) => size,
    () => 0,
  );
  if (there > file.bytes) {
    await discard(partial);
    there = 0;
  }
  onBytes(there);
  if (there === file.bytes && there > 0) return;
  const tag = await readFile(tagFile(partial), 'utf8').catch(() => undefined);
  const range: Record<string, string> =
    there === 0 ? {} : { range: `bytes=${there}-`, ...(tag && { 'if-range': tag }) };
  const response = await client.get(address, range);
  if (response.status === 416) {
    await discard(partial);
    return await fetchRest({ client, address, file, partial, signal }, onBytes);
  }
  await client.refuse(response, file.path);
  const isRest =
    response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${there}-`);
  if (!isRest) {
    there = 0;
    const own = response.headers.get('etag');
    if (own && !own.startsWith('W/')) await writeFile(tagFile(partial), own);
  }
  const output = await open(partial, isRest ? 'a' : 'w');
  try {
    await receive(response, output, { there, file, onBytes, signal });
    await output.sync();
  } finally {
    await output.close();
  }
}

async function receive(
  response: Response,
  output: FileHandle,
  {
    there,
    file,
    onBytes,
    signal,
  }: Pick<Download, 'file' | 'onBytes' | 'signal'> & { readonly there: number },
): Promise<void> {
  const reader = response.body?.getReader();
  const stop = () => void reader?.cancel().catch(() => {});
  signal?.addEventListener('abort', stop, { once: true });
  let count = there;
  try {
    for (;;) {
      const read = await inTime(reader);
      signal?.throwIfAborted();
      if (!read || read.done) break;
      count += read.value.length;
      if (count > file.bytes) {
        await reader?.cancel();
        throw new EaselError({
          code: 'ERR_PROVIDER_BAD_RESPONSE',
          message: `${file.path} is longer than the ${file.bytes} bytes that the hub says.`,
        });
      }
      await output.writeFile(read.value);
      onBytes(count);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  if (count < file.bytes) throw lost(file, `it ended after ${count} of ${file.bytes} bytes`);
}

const stalledError = new EaselError({
  code: 'ERR_PROVIDER_UNAVAILABLE',
  message: 'No byte came from the hub for a minute.',
  hint: 'Install it again: it goes on where it stopped.',
});

type Reader = ReadableStreamDefaultReader<Uint8Array> | undefined;

async function inTime(reader: Reader) {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(stalledError), stallMs);
  });
  try {
    return await Promise.race([reader?.read(), stalled]);
  } catch (error) {
    await reader?.cancel().catch(() => {});
    throw unreachable(error);
  } finally {
    clearTimeout(timer);
  }
}

const lost = (file: HubFile, what: string) =>
  new EaselError({
    code: 'ERR_PROVIDER_UNAVAILABLE',
    message: `${file.path} did not arrive: ${what}.`,
    hint: 'Install it again: it goes on where it stopped.',
  });
