import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import { firstProblem } from '../config/first-problem.js';
import { writeWholeFile } from '../results/write-whole-file.js';

/** `priority`: its calls may go before those of others. */
export const scopes = ['generate', 'read', 'priority', 'admin'] as const;
export type Scope = (typeof scopes)[number];

const keySchema = z.strictObject({
  /** The part of the key that may be seen. */
  id: z.string(),
  name: z.string(),
  /** SHA-256 of the key: 256 random bits need no slow hash. */
  hash: z.string(),
  scopes: z.array(z.enum(scopes)),
  createdAt: z.iso.datetime(),
  /** Requests in a minute. Absent: no limit. */
  perMinute: z.int().positive().optional(),
  /** Calls at once. Absent: no limit. */
  concurrency: z.int().positive().optional(),
});
export type ApiKey = z.output<typeof keySchema>;
const fileSchema = z.strictObject({ signingSecret: z.string(), keys: z.array(keySchema) });
type KeyFile = z.output<typeof fileSchema>;

export type NewKey = Pick<ApiKey, 'name' | 'scopes' | 'perMinute' | 'concurrency'>;

const keyPattern = /^easel_([0-9a-f]{8})_[A-Za-z0-9_-]{43}$/;
const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');

/** The API keys of a server, in a file that holds none of them: only what they are recognised by. It may change under a running server. */
export class KeyStore {
  readonly #file: string;
  #read: { readonly mtimeMs: number; readonly content: KeyFile } | undefined;

  /** @param storageFolder where `keys.json` lies, or is made by the first key */
  constructor(storageFolder: string) {
    this.#file = join(storageFolder, 'keys.json');
  }

  get keys(): readonly ApiKey[] {
    return this.#content()?.keys ?? [];
  }

  /** Signs URLs. Undefined: there are no keys, and nothing is signed. */
  get signingSecret(): string | undefined {
    return this.keys.length === 0 ? undefined : this.#content()?.signingSecret;
  }

  /** The key that somebody shows, if it is one of these. */
  find(shown: string): ApiKey | undefined {
    const id = keyPattern.exec(shown)?.[1];
    const key = this.keys.find((known) => known.id === id);
    if (!key) return undefined;
    return timingSafeEqual(Buffer.from(hashOf(shown), 'hex'), Buffer.from(key.hash, 'hex')) ? key : undefined;
  }

  /** Makes a key; its text is answered here and can never be read again. */
  async create(settings: NewKey): Promise<{ key: ApiKey; text: string }> {
    const id = randomBytes(4).toString('hex');
    const text = `easel_${id}_${randomBytes(32).toString('base64url')}`;
    const key: ApiKey = { ...settings, id, hash: hashOf(text), createdAt: new Date().toISOString() };
    await this.#write([...this.keys, key]);
    return { key, text };
  }

  /** Answers whether there was such a key. */
  async revoke(id: string): Promise<boolean> {
    const left = this.keys.filter((key) => key.id !== id);
    if (left.length === this.keys.length) return false;
    await this.#write(left);
    return true;
  }

  async #write(keys: readonly ApiKey[]): Promise<void> {
    const signingSecret = this.#content()?.signingSecret ?? randomBytes(32).toString('hex');
    const text = `${JSON.stringify({ signingSecret, keys }, null, 2)}\n`;
    await writeWholeFile(this.#file, Buffer.from(text), { replace: true, mode: 0o600 });
    this.#read = undefined;
  }

  /** Read again whenever the file has changed. Throws ERR_CONFIG_INVALID where it is broken: a lock that cannot be read stays shut. */
  #content(): KeyFile | undefined {
    const mtimeMs = statSync(this.#file, { throwIfNoEntry: false })?.mtimeMs;
    if (mtimeMs === undefined) return undefined;
    if (this.#read?.mtimeMs === mtimeMs) return this.#read.content;
    const invalid = (what: string) =>
      new EaselError({ code: 'ERR_CONFIG_INVALID', message: `${this.#file}: ${what}.` });
    let json: unknown;
    try {
      json = JSON.parse(readFileSync(this.#file, 'utf8'));
    } catch {
      throw invalid('is not JSON');
    }
    const parsed = fileSchema.safeParse(json);
    if (!parsed.success) throw invalid(firstProblem(parsed.error));
    this.#read = { mtimeMs, content: parsed.data };
    return parsed.data;
  }
}
