import { EaselError, linkSignals, patientFetch } from '@easel/plugin-sdk';
import { z } from 'zod';
import { firstProblem } from '../config/first-problem.js';
import { isFilePath } from './file-path.js';
import type { HubSettings } from './hub-settings.js';
import { retrying } from './retrying.js';
import { unreachable } from './unreachable.js';

/** Milliseconds until the headers of an answer. */
const answerMs = 60_000;

const listingSchema = z.object({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  siblings: z.array(
    z.object({
      rfilename: z.string().refine(isFilePath, 'cannot be the path of a file'),
      size: z.number().nonnegative(),
      blobId: z.string().regex(/^[0-9a-f]{40}$/),
      lfs: z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
    }),
  ),
});

/** A file of a repository. */
export interface HubFile {
  /** With slashes. */
  readonly path: string;
  readonly bytes: number;
  /** sha256 of a large file (64 digits), git's sha1 of a small one (40). */
  readonly hash: string;
}

/** What a repository holds at one commit. */
export interface Listing {
  readonly commit: string;
  readonly files: readonly HubFile[];
}

/** Asks a hub that speaks Hugging Face's API. The token goes to the hub's own address alone. */
export class HubClient {
  readonly #settings: HubSettings;
  readonly #fetch: typeof patientFetch;

  /**
   * @param fetch sends a request, without following redirections
   * @throws ERR_CONFIG_INVALID for an endpoint that is not an address
   */
  constructor(settings: HubSettings, fetch = patientFetch) {
    if (!URL.canParse(settings.endpoint)) {
      throw new EaselError({
        code: 'ERR_CONFIG_INVALID',
        message: `HF_ENDPOINT is not an address: ${settings.endpoint}.`,
        hint: 'Write it like https://huggingface.co, or leave it out.',
      });
    }
    this.#settings = settings;
    this.#fetch = fetch;
  }

  /**
   * Throws ERR_MODEL_FILES_INVALID where there is no such repository or revision, or it is not open to this
   * token.
   */
  async list(repository: string, revision: string): Promise<Listing> {
    const path = `/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
    const listing = await retrying(async () => {
      const response = await this.get(`${this.#settings.endpoint}${path}`, {});
      await this.refuse(response, `${repository}@${revision}`);
      return parse(await response.text().catch(refuseBroken));
    });
    const parsed = listingSchema.safeParse(listing);
    if (!parsed.success) {
      throw new EaselError({
        code: 'ERR_PROVIDER_BAD_RESPONSE',
        message: `${this.#settings.endpoint} answered with no list of files: ${firstProblem(parsed.error)}.`,
      });
    }
    const { sha, siblings } = parsed.data;
    const files = siblings.map(({ rfilename, size, blobId, lfs }) => ({
      path: rfilename,
      bytes: size,
      hash: lfs?.sha256 ?? blobId,
    }));
    return { commit: sha, files };
  }

  /** Address of a file at a commit. */
  addressOf(repository: string, commit: string, file: string): string {
    const path = file.split('/').map(encodeURIComponent).join('/');
    return `${this.#settings.endpoint}/${repository}/resolve/${commit}/${path}`;
  }

  /** A GET that follows redirects itself: the token must go to no other port of the hub, and to no store. */
  async get(address: string, headers: Record<string, string>): Promise<Response> {
    const own = new URL(this.#settings.endpoint).origin;
    let url = new URL(address);
    for (let hop = 0; hop < 5; hop++) {
      const { token } = this.#settings;
      // Scheme and port as well: the token does not leave by http what was reached by https.
      const isOwn = url.origin === own;
      const response = await this.#answered(url, {
        'user-agent': 'easel',
        ...headers,
        ...(token && isOwn ? { authorization: `Bearer ${token}` } : {}),
      });
      const location = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || location === null) return response;
      await response.body?.cancel();
      url = new URL(location, url);
    }
    throw new EaselError({
      code: 'ERR_PROVIDER_UNAVAILABLE',
      message: `${address} redirects more than 5 times.`,
    });
  }

  /** An answer whose headers come within a minute; its body takes as long as it takes. */
  async #answered(url: URL, headers: Record<string, string>): Promise<Response> {
    const { signal, unlink } = linkSignals([], answerMs);
    try {
      return await this.#fetch(url, { headers, signal });
    } catch (error) {
      if (!signal.aborted) throw unreachable(error);
      throw new EaselError({
        code: 'ERR_PROVIDER_UNAVAILABLE',
        message: `${url.host} did not answer within ${answerMs / 1000} s.`,
      });
    } finally {
      unlink();
    }
  }

  /** Throws what an answer that is not a success means; `what` is asked for. */
  async refuse(response: Response, what: string): Promise<void> {
    if (response.ok) return;
    await response.body?.cancel();
    const { status, headers } = response;
    const code = headers.get('x-error-code') ?? '';
    const retryAfterMs = readRetryAfter(headers.get('retry-after'));
    if (status === 429 || status >= 500) {
      throw new EaselError({
        code: status === 429 ? 'ERR_PROVIDER_RATE_LIMITED' : 'ERR_PROVIDER_UNAVAILABLE',
        message: `The hub answered ${status} for ${what}.`,
        retryAfterMs,
      });
    }
    throw new EaselError({
      code: 'ERR_MODEL_FILES_INVALID',
      ...refusals(status, code, what, this.#settings),
    });
  }
}

/** An answer that broke off. */
function refuseBroken(error: unknown): never {
  throw unreachable(error);
}

/** Undefined for what is not JSON, such as the page of a proxy. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds, or a date. */
function readRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}

/** Codes of `X-Error-Code`, as `huggingface_hub` reads them. */
function refusals(status: number, code: string, what: string, { endpoint, token }: HubSettings) {
  if (code === 'GatedRepo') {
    return {
      message: `${what} is gated on ${endpoint}.`,
      hint: `Accept its conditions on ${endpoint}/${what.split('@')[0]}, and set HF_TOKEN to a token of that account.`,
    };
  }
  if (code === 'RevisionNotFound')
    return { message: `There is no such revision: ${what}.`, hint: 'Leave @revision out for the newest.' };
  if (status === 401 || status === 403 || code === 'RepoNotFound' || status === 404) {
    return {
      message: `There is no ${what} on ${endpoint}, or it is private.`,
      hint: token
        ? 'Check the name, and whether the account of HF_TOKEN may read it.'
        : 'Check the name; for a private one set HF_TOKEN.',
    };
  }
  return { message: `The hub answered ${status} for ${what}.`, hint: 'Try again later.' };
}
