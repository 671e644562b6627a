/**
 * A hub that speaks the part of Hugging Face's API that models are fetched by: the list of a revision's
 * files, and `resolve`, which sends small files itself and redirects to a store on another port for large
 * ones. Strict: the store refuses whoever shows it a token, as object stores do, and whoever comes without
 * the signature of a redirect.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Faults } from './faults.js';
import type { Repository, StoredFile } from './repository.js';
import { sendFile } from './send-file.js';

/** A request as it came. */
export interface Seen {
  readonly at: 'hub' | 'store';
  readonly method: string;
  /** The file that was asked for. Absent: none. */
  readonly file?: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  /** Of its body. */
  sentBytes: number;
}

export const hubToken = 'hf_emulatedtoken';
const signature = 'signed-by-the-hub';

export class HubEmulator {
  readonly faults = new Faults();
  readonly seen: Seen[] = [];
  readonly #repositories: readonly Repository[];
  readonly #hub: Server;
  readonly #store: Server;

  private constructor(repositories: readonly Repository[]) {
    this.#repositories = repositories;
    this.#hub = createServer((request, response) => void this.#answer(request, response));
    this.#store = createServer((request, response) => void this.#answerFromStore(request, response));
  }

  static async start(repositories: readonly Repository[]): Promise<HubEmulator> {
    const emulator = new HubEmulator(repositories);
    for (const server of [emulator.#hub, emulator.#store])
      await once(server.listen(0, '127.0.0.1'), 'listening');
    return emulator;
  }

  get url(): string {
    return urlOf(this.#hub);
  }

  async close(): Promise<void> {
    for (const server of [this.#hub, this.#store]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/([^/]+)$/.exec(pathname);
    const resolved = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
    const [, name = '', revision = '', path] = (api ?? resolved ?? []).map(
      (part) => part && decodeURIComponent(part),
    );
    const seen = this.#note('hub', request, path);
    const { authorization } = request.headers;
    if (authorization !== undefined && authorization !== `Bearer ${hubToken}`)
      return refuse(response, 401, undefined, 'Invalid credentials in Authorization header');
    const known = this.#repositories.filter((each) => each.name === name);
    const repository = known.find(({ revisions }) => revisions.includes(revision)) ?? known[0];
    if (!repository || (repository.access === 'private' && authorization === undefined))
      return refuse(response, authorization ? 404 : 401, 'RepoNotFound', 'Repository not found');
    if (!repository.revisions.includes(revision))
      return refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    if (api) return json(response, listingOf(repository, searchParams.get('blobs') === 'true'));
    if (repository.access === 'gated' && authorization === undefined)
      return refuse(response, 401, 'GatedRepo', 'Access to this model is restricted.');
    const file = repository.files.get(path ?? '');
    if (!file) return refuse(response, 404, 'EntryNotFound', 'Entry not found');
    response.setHeader('x-repo-commit', repository.commit);
    if (file.isLarge) return this.#redirect(response, file);
    const fault = this.faults.take(file.path);
    seen.sentBytes = await sendFile(request, response, { bytes: file.bytes, tag: `"${file.blobId}"`, fault });
  }

  #redirect(response: ServerResponse, { bytes, sha256 }: StoredFile): void {
    response.writeHead(302, {
      location: `${urlOf(this.#store)}/objects/${sha256}?signature=${signature}`,
      'x-linked-size': bytes.length,
      'x-linked-etag': `"${sha256}"`,
    });
    response.end();
  }

  async #answerFromStore(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const hash = pathname.replace('/objects/', '');
    const file = this.#repositories
      .flatMap(({ files }) => [...files.values()])
      .find(({ sha256 }) => sha256 === hash);
    const seen = this.#note('store', request, file?.path);
    if (request.headers.authorization !== undefined)
      return refuse(response, 400, undefined, 'Only one auth mechanism allowed');
    if (searchParams.get('signature') !== signature) return refuse(response, 403, undefined, 'AccessDenied');
    if (!file) return refuse(response, 404, undefined, 'NoSuchKey');
    const tag = `"${hash}"`;
    const fault = this.faults.take(file.path);
    seen.sentBytes = await sendFile(request, response, { bytes: file.bytes, tag, fault });
  }

  #note(at: Seen['at'], request: IncomingMessage, file: string | undefined): Seen {
    const { authorization, range, 'if-range': ifRange } = request.headers;
    const seen: Seen = {
      ...{ at, method: request.method ?? '', authorization, range, sentBytes: 0 },
      ifRange: ifRange as string | undefined,
      ...(file !== undefined && { file }),
    };
    this.seen.push(seen);
    return seen;
  }
}

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function listingOf({ name, commit, files, access }: Repository, hasBlobs: boolean): unknown {
  const siblings = [...files.values()].map(({ path, bytes, blobId, sha256, isLarge }) => ({
    rfilename: path,
    ...(hasBlobs && { size: bytes.length, blobId }),
    ...(hasBlobs && isLarge && { lfs: { sha256, size: bytes.length, pointerSize: 134 } }),
  }));
  const gated = access === 'gated' ? 'auto' : false;
  return { _id: '1', id: name, modelId: name, sha: commit, private: access === 'private', gated, siblings };
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, code: string | undefined, message: string): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    ...(code !== undefined && { 'x-error-code': code }),
    'x-error-message': message,
  });
  response.end(JSON.stringify({ error: message }));
}
