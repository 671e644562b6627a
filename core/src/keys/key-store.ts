import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { writePrivateFile } from '../results/write-whole-file.js';
import { createGivenKey, type GivenKey } from './given-key.js';
import { type ApiKey, KeyFile, type KeyFileContent } from './key-file.js';
import { withKeyFileLocked } from './lock-key-file.js';

/** Keys that this store does not keep, each with all scopes. */
export interface GivenKeys {
  /** One that the host keeps; with it callers need a key. Absent: none. */
  readonly apiKey?: string | undefined;
  /** One that commands on this machine show. Absent: none. */
  readonly commandKey?: string | undefined;
}

export type NewKey = Pick<ApiKey, 'name' | 'scopes' | 'perMinute' | 'concurrency' | 'dollarsPerDay'>;

const keyPattern = /^easel_([0-9a-f]{8})_[A-Za-z0-9_-]{43}$/;
const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');
const markText =
  'API keys were made here. Without this file, a server may start without keys where keys.json is missing.\n';

/**
 * The API keys of a server, in a file that holds none of them: only what they are recognised by. It may
 * change under a running server. A second file, `keys-required`, marks that there are keys, so that losing
 * the first does not open the server.
 */
export class KeyStore {
  readonly #file: KeyFile;
  readonly #mark: string;
  readonly #given: GivenKey | undefined;
  readonly #command: GivenKey | undefined;
  #areRequired: boolean;

  /**
   * @param storageFolder where `keys.json` lies, or is made by the first key
   * @param given texts of keys that are kept elsewhere. Throws ERR_CONFIG_INVALID for one that could be
   * guessed
   */
  constructor(storageFolder: string, { apiKey, commandKey }: GivenKeys = {}) {
    this.#given = apiKey ? createGivenKey(apiKey, 'EASEL_API_KEY') : undefined;
    this.#command = commandKey ? createGivenKey(commandKey, 'easel command') : undefined;
    this.#file = new KeyFile(join(storageFolder, 'keys.json'));
    this.#mark = join(storageFolder, 'keys-required');
    this.#areRequired = existsSync(this.#mark);
    if (!this.#areRequired && this.#file.mayHaveKeys()) this.#require();
  }

  /** Those of the file. */
  get keys(): readonly ApiKey[] {
    return this.#file.content()?.keys ?? [];
  }

  /** What the file has. Undefined: there is none. Throws ERR_CONFIG_INVALID where it cannot be read. */
  get content(): KeyFileContent | undefined {
    return this.#file.content();
  }

  /** Changes the file as a whole, and answers what it has then. */
  async replace(
    change: (content: KeyFileContent | undefined) => KeyFileContent | undefined,
  ): Promise<KeyFileContent | undefined> {
    return await withKeyFileLocked(this.#file.path, async () => {
      const content = this.content;
      const changed = change(content);
      if (changed && !isDeepStrictEqual(changed, content)) {
        await this.#writeWhole(changed);
        if (changed.keys.length > 0) this.#require();
      }
      return changed;
    });
  }

  /**
   * Whether callers need a key: from the first key on, and then for as long as this process runs, whatever
   * becomes of the file. After a restart they need none where the last key was revoked. Throws
   * ERR_CONFIG_INVALID where keys were made and their file is gone or broken.
   */
  get areRequired(): boolean {
    if (this.#given) return true;
    const content = this.#file.content();
    if (!this.#areRequired && (content ? content.keys.length > 0 : existsSync(this.#mark))) this.#require();
    if (!content && this.#areRequired)
      throw this.#file.invalid(
        `is missing, and keys were made here: nobody is let in (${this.#mark} says so)`,
      );
    return this.#areRequired;
  }

  /** Signs URLs. Undefined: there are no keys, and nothing is signed. */
  get signingSecret(): string | undefined {
    const content = this.#file.content();
    return content && content.keys.length > 0 ? content.signingSecret : this.#given?.signingSecret;
  }

  /**
   * Signs what webhooks are told; those who are told may know it, and cannot sign URLs with it. Undefined:
   * nothing is signed.
   */
  get webhookSecret(): string | undefined {
    const secret = this.signingSecret;
    return secret && createHmac('sha256', secret).update('webhooks').digest('hex');
  }

  /** The key that somebody shows, if it is one of these. */
  find(shown: string): ApiKey | undefined {
    const isShown = ({ hash }: ApiKey) =>
      timingSafeEqual(Buffer.from(hashOf(shown), 'hex'), Buffer.from(hash, 'hex'));
    for (const given of [this.#given, this.#command]) if (given && isShown(given.key)) return given.key;
    const id = keyPattern.exec(shown)?.[1];
    const key = this.keys.find((known) => known.id === id);
    return key && isShown(key) ? key : undefined;
  }

  /** The key of that id, which somebody has shown before. */
  withId(id: string): ApiKey | undefined {
    return this.#given?.key.id === id ? this.#given.key : this.keys.find((known) => known.id === id);
  }

  /** Whether a key is that of the commands on this machine. */
  isCommandKey(key: ApiKey): boolean {
    return key === this.#command?.key;
  }

  /** Makes a key; its text is answered here and can never be read again. */
  async create(settings: NewKey): Promise<{ key: ApiKey; text: string }> {
    const id = randomBytes(4).toString('hex');
    const text = `easel_${id}_${randomBytes(32).toString('base64url')}`;
    const key: ApiKey = { ...settings, id, hash: hashOf(text), createdAt: new Date().toISOString() };
    await withKeyFileLocked(this.#file.path, async () => {
      await this.#write([...this.keys, key]);
      this.#require();
    });
    return { key, text };
  }

  /**
   * Answers whether there was such a key. Where it was the last one, a server that starts from now on asks
   * for none.
   */
  async revoke(id: string): Promise<boolean> {
    return await withKeyFileLocked(this.#file.path, async () => {
      const left = this.keys.filter((key) => key.id !== id);
      if (left.length === this.keys.length) return false;
      await this.#write(left);
      if (left.length === 0) rmSync(this.#mark, { force: true });
      return true;
    });
  }

  async #write(keys: readonly ApiKey[]): Promise<void> {
    const signingSecret = this.#file.content()?.signingSecret ?? randomBytes(32).toString('hex');
    await this.#writeWhole({ signingSecret, keys: [...keys] });
  }

  async #writeWhole({ signingSecret, keys }: KeyFileContent): Promise<void> {
    const text = `${JSON.stringify({ signingSecret, keys }, null, 2)}\n`;
    await writePrivateFile(this.#file.path, Buffer.from(text));
  }

  #require(): void {
    this.#areRequired = true;
    try {
      writeFileSync(this.#mark, markText, { mode: 0o600 });
    } catch {
      // A storage folder that cannot be written to: this process remembers it.
    }
  }
}
