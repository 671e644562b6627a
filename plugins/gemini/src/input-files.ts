import { createHash, randomUUID } from 'node:crypto';
import type { GenerationRequest, Logger } from '@easel/plugin-sdk';
import type { BatchCall } from '@easel/plugin-sdk/batch';
import { BackgroundWork } from '@easel/plugin-sdk/provider';
import type { Part } from '@google/genai';
import type { BatchClient } from './batch-client.js';
import type { GoogleFile } from './batch-wire.js';
import { mostBytes } from './contents.js';
import { asPassing } from './failures.js';

/** Left for prompt and options in a request whose images are inline. */
const restBytes = 1_000_000;
/** Milliseconds that deletions have when the plugin is closed; Google deletes files after two days itself. */
const deleteMs = 5_000;

export interface InputFilesOptions {
  readonly client: Pick<BatchClient, 'upload' | 'findFile' | 'deleteFile'>;
  /** Vertex AI has no files for an API key. */
  readonly hasFiles: boolean;
  readonly logger: Pick<Logger, 'warn'>;
}

type Asked = Pick<GenerationRequest, 'requestId' | 'inputImages'>;

/** Input images as parts of a request: in it, or, where they are too large for that, as files at Google. */
export class InputFiles {
  readonly #options: InputFilesOptions;
  readonly #deletions = new BackgroundWork();

  constructor(options: InputFilesOptions) {
    this.#options = options;
  }

  /**
   * The part of each image. Files have names that are the same when the call comes again, which finds them,
   * and are deleted when it has been received.
   *
   * @param isKept whether others may go on from the call's images
   * @param knowsFiles whether they can, too, where its own images are files
   * @throws EaselError where an upload fails; nothing is paid then
   */
  async partsOf(
    { requestId = randomUUID(), inputImages }: Asked,
    { isKept, knowsFiles }: { readonly isKept: boolean; readonly knowsFiles: boolean },
    { signal, received }: Pick<BatchCall, 'signal' | 'received'>,
  ): Promise<Part[]> {
    const { hasFiles } = this.#options;
    const length = inputImages.reduce((sum, { bytes }) => sum + Math.ceil(bytes.byteLength / 3) * 4, 0);
    if (length <= mostBytes - restBytes || !hasFiles || (isKept && !knowsFiles))
      return inputImages.map(({ bytes, mediaType: mimeType }) => ({
        inlineData: { mimeType, data: Buffer.from(bytes).toString('base64') },
      }));
    const parts: Part[] = [];
    for (const { bytes, mediaType: mimeType } of inputImages) {
      const name = `files/${nameOf(requestId, bytes)}`;
      const file = await this.#find(name, bytes, mimeType, signal).catch((error: unknown) => {
        throw asPassing(error);
      });
      parts.push({ fileData: { fileUri: file.uri, mimeType } });
      if (!isKept) void received.then((isReceived) => (isReceived ? this.#delete(name) : undefined));
    }
    return parts;
  }

  async close(): Promise<void> {
    await this.#deletions.close(deleteMs);
  }

  async #find(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    mimeType: string,
    signal: AbortSignal,
  ): Promise<GoogleFile> {
    const { client } = this.#options;
    return (await client.findFile(name, signal)) ?? (await client.upload(name, bytes, mimeType, signal));
  }

  #delete(name: string): void {
    const { client, logger } = this.#options;
    this.#deletions.begin(
      client.deleteFile(name, this.#deletions.signal).catch((error: unknown) => {
        logger.warn(`An input image stays at Google for two days: ${String(error)}`, { file: name });
      }),
    );
  }
}

/** Google takes 40 characters. */
const nameOf = (requestId: string, bytes: Uint8Array) =>
  createHash('sha256').update(requestId).update('\n').update(bytes).digest('hex').slice(0, 40);
