import { EaselError, fetchAddress, linkSignals, patientFetch, readBody } from '@easel/plugin-sdk';
import { isUnknown, readLines } from '@easel/plugin-sdk/batch';
import { z } from 'zod';
import {
  fileSchema,
  type GoogleFile,
  listSchema,
  type Operation,
  operationSchema,
  uploadSchema,
} from './batch-wire.js';
import type { ClientOptions, GeminiClient } from './client.js';
import { brokenOff, failureOf, tooLate } from './failures.js';

/** Most pages of a list that are read, and batches of one. */
const mostPages = 200;
const pageSize = 50;
/** Bytes of an answer that is not a success. */
const mostErrorBytes = 1024 * 1024;

type Options = Omit<ClientOptions, 'api' | 'flexMs'>;

/**
 * Google's files and batches: ai.google.dev/gemini-api/docs/batch-api. Nothing is tried again; every failure
 * is an `EaselError`.
 */
export class BatchClient {
  readonly #client: GeminiClient;
  readonly #options: Options;

  constructor(client: GeminiClient, options: Options) {
    this.#client = client;
    this.#options = options;
  }

  /** Uploads a file under a name of our own: `files/` and 40 characters at most. */
  async upload(
    name: string,
    content: Uint8Array<ArrayBuffer>,
    mimeType: string,
    stop: AbortSignal,
  ): Promise<GoogleFile> {
    const file = new Blob([content]);
    const config = { name, displayName: name, mimeType };
    const about = { thing: `the file ${name}` };
    const send = { shows: true };
    const answer = await this.#client.ask(
      about,
      uploadSchema,
      stop,
      (google) => google.files.upload({ file, config }),
      send,
    );
    return this.#named(answer.file);
  }

  /** The file of that name. Undefined: there is none. */
  async findFile(name: string, stop: AbortSignal): Promise<GoogleFile | undefined> {
    const about = { thing: `the file ${name}` };
    try {
      const file = await this.#client.ask(about, fileSchema, stop, (google) => google.files.get({ name }));
      return this.#named(file);
    } catch (error) {
      if (isUnknown(error)) return undefined;
      throw error;
    }
  }

  #named({ name, uri = `${this.#options.baseUrl}/v1beta/${name}` }: z.output<typeof fileSchema>): GoogleFile {
    return { name, uri };
  }

  async deleteFile(name: string, stop: AbortSignal): Promise<void> {
    const about = { thing: `the file ${name}` };
    await this.#client.ask(about, z.unknown(), stop, (google) => google.files.delete({ name }));
  }

  async create(
    {
      model,
      fileName,
      displayName,
    }: { readonly model: string; readonly fileName: string; readonly displayName: string },
    stop: AbortSignal,
  ): Promise<Operation> {
    const parameters = { model, src: { fileName }, config: { displayName } };
    return await this.#client.ask({ model }, operationSchema, stop, (google) =>
      google.batches.create(parameters),
    );
  }

  /** All batches that fit, of those that Google lists. */
  async find(fits: (batch: Operation) => boolean, stop: AbortSignal): Promise<Operation[]> {
    const found: Operation[] = [];
    const about = { thing: 'the list of batches' };
    let pageToken: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const config = { pageSize, ...(pageToken === undefined ? {} : { pageToken }) };
      const list = await this.#client.ask(about, listSchema, stop, (google) =>
        google.batches.list({ config }),
      );
      const batches = list.operations.flatMap((one) => operationSchema.safeParse(one).data ?? []);
      found.push(...batches.filter(fits));
      pageToken = list.nextPageToken;
      if (!pageToken) break;
    }
    return found;
  }

  async read(name: string, stop: AbortSignal): Promise<Operation> {
    const about = { thing: `the batch ${name}` };
    return await this.#client.ask(about, operationSchema, stop, (google) => google.batches.get({ name }));
  }

  async cancel(name: string, stop: AbortSignal): Promise<void> {
    const about = { thing: `the batch ${name}`, isToBeCancelled: true };
    await this.#client.ask(about, z.unknown(), stop, (google) => google.batches.cancel({ name }));
  }

  /**
   * The lines of a file as they come; the package could only write it to disk, and would wait for ever where
   * it breaks off.
   */
  async *lines(name: string, stop: AbortSignal): AsyncGenerator<string> {
    const { baseUrl, requestMs } = this.#options;
    const { signal, unlink } = linkSignals([stop]);
    const about = { thing: `the file ${name}` };
    try {
      const response = await this.#download(`${baseUrl}/v1beta/${name}:download?alt=media`, signal);
      const { status, ok, headers } = response;
      if (!ok) {
        const text = (await readBody(response, mostErrorBytes)).toString('utf8');
        throw failureOf({ status, retryAfter: headers.get('retry-after'), text, about });
      }
      if (response.body) yield* readLines(response.body, requestMs);
    } catch (error) {
      if (EaselError.isInstance(error)) throw error;
      if (stop.aborted) throw new EaselError({ code: 'ERR_ABORTED', message: 'The call was cancelled.' });
      throw brokenOff(error, new URL(baseUrl).host, about);
    } finally {
      unlink();
    }
  }

  /** A file may lie behind an address that is not the API's; the key stays with the API. */
  async #download(address: string, signal: AbortSignal): Promise<Response> {
    const { apiKey, baseUrl, requestMs } = this.#options;
    const late = linkSignals([signal], requestMs);
    try {
      const headers = { 'x-goog-api-key': apiKey };
      const response = await patientFetch(address, { headers, signal: late.signal });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || !location) return response;
      await response.body?.cancel();
      // Whoever has the API on a machine of their own has its files there as well.
      const allowPrivateAddresses = new URL(baseUrl).protocol === 'http:';
      return await fetchAddress(new URL(location, address), { allowPrivateAddresses, signal: late.signal });
    } catch (error) {
      throw late.signal.aborted && !signal.aborted ? tooLate(requestMs, { thing: address }) : error;
    } finally {
      late.unlink();
    }
  }
}
