import { readFileSync, statSync } from 'node:fs';
import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import { firstProblem } from '../config/first-problem.js';

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
  /** US dollars that its calls may cost in a day (UTC). Absent: as `server.budgetPerKey` says. */
  dollarsPerDay: z.number().nonnegative().optional(),
});
export type ApiKey = z.output<typeof keySchema>;
const contentSchema = z.strictObject({ signingSecret: z.string(), keys: z.array(keySchema) });
export type KeyFileContent = z.output<typeof contentSchema>;

/** The keys of another server, as its file has them. Throws for what is none. */
export const parseKeyFile = (text: string): KeyFileContent => contentSchema.parse(JSON.parse(text));

/** Reads the file of a server's keys, again whenever it has changed. */
export class KeyFile {
  readonly path: string;
  #read: { readonly version: string; readonly content: KeyFileContent } | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Undefined: there is no such file. Throws ERR_CONFIG_INVALID where it cannot be read: a lock that is
   * broken stays shut.
   */
  content(): KeyFileContent | undefined {
    let text: string;
    let version: string;
    try {
      const about = statSync(this.path, { bigint: true, throwIfNoEntry: false });
      if (!about) return undefined;
      const { mtimeNs, ino, size } = about;
      version = `${mtimeNs} ${ino} ${size}`;
      if (this.#read?.version === version) return this.#read.content;
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      throw this.invalid(`cannot be read (${code})`);
    }
    const content = this.#parse(text);
    this.#read = { version, content };
    return content;
  }

  /** Whether there are keys in it, as far as can be known: one that cannot be read counts. */
  mayHaveKeys(): boolean {
    try {
      return (this.content()?.keys.length ?? 0) > 0;
    } catch {
      return true;
    }
  }

  /** An error that says what is wrong with the file. */
  invalid(what: string): EaselError {
    return new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `${this.path}: ${what}.`,
      hint: 'Put it back as it was; or remove it, and make new keys with `easel keys create`.',
    });
  }

  #parse(text: string): KeyFileContent {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw this.invalid('is not JSON');
    }
    const parsed = contentSchema.safeParse(json);
    if (!parsed.success) throw this.invalid(firstProblem(parsed.error));
    return parsed.data;
  }
}
