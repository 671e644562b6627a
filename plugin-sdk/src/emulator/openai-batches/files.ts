import type { Answer, SeenRequest } from '../http-emulator.js';
import { invalidRequest, notFound } from './errors.js';

export interface StoredFile {
  readonly id: string;
  readonly bytes: Buffer;
  readonly filename: string;
  readonly createdAt: number;
}

/** `POST /v1/files` and its like: platform.openai.com/docs/api-reference/files. */
export class FileStore {
  readonly stored = new Map<string, StoredFile>();
  readonly #mostBytes: number;
  #uploads = 0;

  /** @param mostBytes bytes of a file */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  async upload({ body, headers }: SeenRequest): Promise<Answer> {
    const form = await readForm(body, headers['content-type']);
    const file = form?.get('file');
    if (!form || file === null || file === undefined || typeof file === 'string')
      return invalidRequest("'file' is a required property", 'file');
    if (form.get('purpose') !== 'batch') return invalidRequest("'purpose' must be 'batch'", 'purpose');
    if (file.size > this.#mostBytes) return invalidRequest('The file is too large.', 'file');
    if (file.size === 0 || !file.name.endsWith('.jsonl'))
      return invalidRequest('Batch input files are JSON lines, in a file with the ending .jsonl.', 'file');
    const id = `file-${++this.#uploads}`;
    const bytes = Buffer.from(await file.arrayBuffer());
    this.stored.set(id, { id, bytes, filename: file.name, createdAt: Math.floor(Date.now() / 1000) });
    return { status: 200, body: this.#describe(id) };
  }

  list({ query }: SeenRequest): Answer {
    return { status: 200, body: page([...this.stored.keys()].reverse(), query, (id) => this.#describe(id)) };
  }

  read(id: string): Answer {
    return this.stored.has(id) ? { status: 200, body: this.#describe(id) } : noSuchFile(id);
  }

  delete(id: string): Answer {
    if (!this.stored.delete(id)) return noSuchFile(id);
    return { status: 200, body: { id, object: 'file', deleted: true } };
  }

  #describe(id: string) {
    const { bytes, filename, createdAt } = this.stored.get(id) as StoredFile;
    const about = { id, object: 'file', bytes: bytes.length, created_at: createdAt };
    return { ...about, filename, purpose: 'batch', status: 'processed' };
  }
}

export const noSuchFile = (id: string): Answer => notFound(`No such File object: ${id}`);

/** A page of a list, newest first: `limit` 1 to 100, `after` an id. */
export function page(
  ids: readonly string[],
  { limit = '20', after }: Readonly<Record<string, string>>,
  describe: (id: string) => unknown,
) {
  const from = after === undefined ? 0 : ids.indexOf(after) + 1;
  const shown = ids.slice(from, from + Math.min(100, Math.max(1, Number(limit))));
  return {
    object: 'list',
    data: shown.map(describe),
    first_id: shown[0] ?? null,
    last_id: shown.at(-1) ?? null,
    has_more: from + shown.length < ids.length,
  };
}

/** The fields of a multipart body. Undefined: it is none. */
export async function readForm(body: Buffer, contentType: string | undefined): Promise<FormData | undefined> {
  if (!contentType?.startsWith('multipart/form-data')) return undefined;
  const response = new Response(new Uint8Array(body), { headers: { 'content-type': contentType } });
  return await response.formData().catch(() => undefined);
}
