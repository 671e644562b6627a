import { setTimeout as delay } from 'node:timers/promises';
import { EaselError, linkSignals } from '@easel/plugin-sdk';
import { AwsClient } from 'aws4fetch';
import { jsonType, type ListedObject, type ObjectStore, toJson } from '../object-store.js';
import type { ScaleOptions } from '../options.js';

/** Milliseconds that a request may take, and its tries where the server fails or is busy. */
const requestMs = 15_000;
const triesMs = [0, 200, 800] as const;
/** Milliseconds after which whoever was refused may come again. */
const retryAfterMs = 5_000;

interface Asked {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly query?: Readonly<Record<string, string>>;
}

/** Objects in a bucket of S3, or of a server that speaks its protocol. */
export class S3Objects implements ObjectStore {
  readonly #client: AwsClient;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(
    { endpoint, bucket, region, prefix }: ScaleOptions['s3'],
    keys: { readonly id: string; readonly secret: string; readonly session: string | undefined },
  ) {
    this.#client = new AwsClient({
      accessKeyId: keys.id,
      secretAccessKey: keys.secret,
      ...(keys.session ? { sessionToken: keys.session } : {}),
      service: 's3',
      region,
      // The tries below know which answers are answers.
      retries: 0,
    });
    this.#bucket = `${endpoint.replace(/\/$/, '')}/${bucket}`;
    this.#prefix = prefix;
  }

  /**
   * Rejects with ERR_CONFIG_INVALID for a server that takes a second object where there is one: with it, a
   * job could end twice.
   */
  async assertConditional(): Promise<void> {
    await this.putIfAbsent('probe', toJson({}), jsonType);
    if (!(await this.putIfAbsent('probe', toJson({}), jsonType))) return;
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `scale.s3: ${this.#bucket} does not honour "If-None-Match: *".`,
      hint: 'Take a server that does; docs/scale-out.md names some.',
    });
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const response = await this.#ask(key, { method: 'GET' }, [404]);
    return response.status === 404 ? undefined : response.bytes;
  }

  async has(key: string): Promise<boolean> {
    return (await this.#ask(key, { method: 'HEAD' }, [404])).status !== 404;
  }

  async put(key: string, bytes: Uint8Array, mediaType: string): Promise<void> {
    const headers = { 'content-type': mediaType };
    await this.#ask(key, { method: 'PUT', headers, body: new Uint8Array(bytes) }, []);
  }

  async putIfAbsent(key: string, bytes: Uint8Array, mediaType: string): Promise<boolean> {
    const headers = { 'content-type': mediaType, 'if-none-match': '*' };
    const { status } = await this.#ask(key, { method: 'PUT', headers, body: new Uint8Array(bytes) }, [412]);
    return status !== 412;
  }

  async remove(key: string): Promise<void> {
    await this.#ask(key, { method: 'DELETE' }, [404]);
  }

  async list(prefix: string, limit: number, after?: string): Promise<ListedObject[]> {
    const query = {
      'list-type': '2',
      prefix: this.#prefix + prefix,
      'max-keys': `${Math.min(limit, 1_000)}`,
      ...(after === undefined ? {} : { 'start-after': this.#prefix + after }),
    };
    const { bytes } = await this.#ask('', { method: 'GET', query }, []);
    const found = Buffer.from(bytes).toString('utf8').matchAll(contentPattern);
    return [...found].map(([content]) => ({
      // Names are of letters that XML leaves as they are.
      key: (elementOf(content, 'Key') ?? '').slice(this.#prefix.length),
      writtenAt: Date.parse(elementOf(content, 'LastModified') ?? ''),
    }));
  }

  /** @param expected statuses that are answers, besides those of success */
  async #ask(
    key: string,
    asked: Asked,
    expected: readonly number[],
  ): Promise<{ status: number; bytes: Uint8Array }> {
    let problem = '';
    for (const waitMs of triesMs) {
      await delay(waitMs);
      const answer = await this.#try(key, asked).catch((error: Error) => reasonOf(error));
      if (typeof answer === 'string') problem = answer;
      else if (answer.status < 300 || expected.includes(answer.status)) return answer;
      else problem = `status ${answer.status}`;
      // 409: somebody else writes the same object at this moment.
      if (typeof answer !== 'string' && answer.status < 500 && ![408, 409, 429].includes(answer.status))
        break;
    }
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `The shared store has not done ${asked.method} ${key || 'of the list'} (${problem}).`,
      hint: 'See to the server that scale.s3.endpoint names, its bucket and AWS_ACCESS_KEY_ID.',
      retryAfterMs,
    });
  }

  async #try(
    key: string,
    { method, headers = {}, body, query }: Asked,
  ): Promise<{ status: number; bytes: Uint8Array }> {
    const url = new URL(key === '' ? this.#bucket : `${this.#bucket}/${this.#prefix}${key}`);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const { signal, unlink } = linkSignals([], requestMs);
    try {
      const response = await this.#client.fetch(url.href, {
        method,
        headers,
        signal,
        redirect: 'manual',
        ...(body ? { body } : {}),
      });
      return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
    } finally {
      unlink();
    }
  }
}

const contentPattern = /<Contents>.*?<\/Contents>/gs;
const elementOf = (text: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];

const reasonOf = ({ message, cause }: Error): string =>
  (cause as NodeJS.ErrnoException | undefined)?.code ?? message;
