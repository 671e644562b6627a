/**
 * Files, with resumable uploads: ai.google.dev/api/files.
 *
 * @module
 */

import type { Answer, SeenRequest } from '@easel/plugin-sdk/emulator';
import { z } from 'zod';
import { googleError, invalidArgument } from './errors.js';

/** Bytes of one file. */
const mostBytes = 2 * 1024 ** 3;
/** Files are deleted after two days. */
const keptMs = 48 * 3_600_000;

const startSchema = z.strictObject({
  file: z.strictObject({
    name: z
      .string()
      .regex(/^files\/[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/)
      .optional(),
    displayName: z.string().max(512).optional(),
    mimeType: z.string().min(1),
    sizeBytes: z.string().regex(/^\d+$/),
  }),
});
type FileMetadata = z.output<typeof startSchema>['file'];

interface Session {
  readonly file: FileMetadata;
  readonly chunks: Buffer[];
}

export interface StoredFile {
  /** `files/...` */
  readonly name: string;
  readonly displayName?: string | undefined;
  readonly mimeType: string;
  readonly bytes: Buffer;
  readonly createdAt: number;
}

/** A file that there is not is told apart from one of somebody else's by nobody. */
export const noSuchFile = (name: string): Answer =>
  googleError(
    403,
    'PERMISSION_DENIED',
    `You do not have permission to access the File ${name.replace('files/', '')} or it may not exist.`,
  );

export class FileStore {
  readonly stored = new Map<string, StoredFile>();
  readonly #sessions = new Map<string, Session>();
  #number = 0;

  /** Both kinds of requests of an upload: the first one, and those with bytes. */
  upload(request: SeenRequest, url: string): Answer {
    return request.query.upload_id === undefined ? this.#start(request, url) : this.#receive(request);
  }

  read(name: string): Answer {
    const file = this.stored.get(name);
    return file ? { status: 200, body: describe(file) } : noSuchFile(name);
  }

  list({ query }: SeenRequest): Answer {
    const files = [...this.stored.values()].reverse();
    const { shown, nextPageToken } = pageOf(files, query, 10);
    return { status: 200, body: { files: shown.map(describe), ...nextPageToken } };
  }

  delete(name: string): Answer {
    return this.stored.delete(name) ? { status: 200, body: {} } : noSuchFile(name);
  }

  #start({ headers, json }: SeenRequest, url: string): Answer {
    if (headers['x-goog-upload-protocol'] !== 'resumable' || headers['x-goog-upload-command'] !== 'start')
      return invalidArgument('Expected an upload of the resumable protocol that starts.');
    const parsed = startSchema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return invalidArgument(`Invalid value at '${issue?.path.join('.')}': ${issue?.message}`);
    }
    const { file } = parsed.data;
    if (headers['x-goog-upload-header-content-length'] !== file.sizeBytes)
      return invalidArgument('The size in the header is not the size of the file.');
    if (Number(file.sizeBytes) > mostBytes) return invalidArgument('The file is too large.');
    if (file.name !== undefined && this.stored.has(file.name)) return alreadyExists(file.name);
    const id = `session${++this.#number}`;
    this.#sessions.set(id, { file, chunks: [] });
    const address = `${url}/upload/v1beta/files?upload_id=${id}&upload_protocol=resumable`;
    const answered = { 'x-goog-upload-url': address, 'x-goog-upload-status': 'active' };
    return { status: 200, headers: answered, body: {} };
  }

  #receive({ headers, query, body }: SeenRequest): Answer {
    const session = this.#sessions.get(query.upload_id ?? '');
    if (!session) return googleError(404, 'NOT_FOUND', 'The upload was not found, or has ended.');
    const { file, chunks } = session;
    const received = Buffer.concat(chunks).length;
    if (Number(headers['x-goog-upload-offset']) !== received)
      return invalidArgument(`The upload goes on at byte ${received}.`);
    chunks.push(body);
    const command = headers['x-goog-upload-command'];
    if (command === 'upload') return { status: 200, headers: { 'x-goog-upload-status': 'active' } };
    if (command !== 'upload, finalize') return invalidArgument(`Unknown command: ${command}`);
    const bytes = Buffer.concat(chunks);
    if (String(bytes.length) !== file.sizeBytes)
      return invalidArgument(`The upload has ${bytes.length} bytes of ${file.sizeBytes}.`);
    const { name = `files/generated${this.#number}`, displayName, mimeType } = file;
    if (this.stored.has(name)) return alreadyExists(name);
    this.#sessions.delete(query.upload_id ?? '');
    const stored = { name, displayName, mimeType, bytes, createdAt: Date.now() };
    this.stored.set(name, stored);
    return { status: 200, headers: { 'x-goog-upload-status': 'final' }, body: { file: describe(stored) } };
  }
}

const alreadyExists = (name: string) =>
  googleError(409, 'ALREADY_EXISTS', `The file ${name} already exists.`);

const describe = ({ name, displayName, mimeType, bytes, createdAt }: StoredFile) => ({
  name,
  ...(displayName === undefined ? {} : { displayName }),
  mimeType,
  sizeBytes: String(bytes.length),
  createTime: new Date(createdAt).toISOString(),
  updateTime: new Date(createdAt).toISOString(),
  expirationTime: new Date(createdAt + keptMs).toISOString(),
  uri: `https://generativelanguage.googleapis.com/v1beta/${name}`,
  state: 'ACTIVE',
  source: 'UPLOADED',
});

/** A page of a list, and the token of the next one. */
export function pageOf<T>(
  all: readonly T[],
  { pageSize, pageToken = '0' }: Readonly<Record<string, string>>,
  usual: number,
): { readonly shown: readonly T[]; readonly nextPageToken: { readonly nextPageToken?: string } } {
  const from = Number(pageToken);
  const end = from + Math.min(100, Math.max(1, Number(pageSize ?? usual)));
  return { shown: all.slice(from, end), nextPageToken: end < all.length ? { nextPageToken: `${end}` } : {} };
}
