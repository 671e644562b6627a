import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ConfigurationInput,
  createImageServiceManager,
  type ImageServiceManager,
  type KernelOptions,
} from '@easel/core';
import { createServer } from '@easel/core/server';
import { onTestFinished } from 'vitest';
import { KeyStore, type NewKey } from '../../core/src/keys/key-store.js';

const fixtures = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url));

export interface TestServer {
  readonly url: string;
  readonly manager: ImageServiceManager;
  /** Where it keeps what it keeps. */
  readonly storageFolder: string;
  /** Ends it before the test does; what it keeps stays until then. */
  close(): Promise<void>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** Makes a key for a server that keeps its things there, and answers its text. */
export const createKey = async (storageFolder: string, settings: Partial<NewKey> = {}): Promise<string> =>
  (await new KeyStore(storageFolder).create({ name: 'a test', scopes: ['generate', 'read'], ...settings }))
    .text;

/** How it is shown. */
export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** The JSON of an answer, in the form that a test expects. */
export const jsonOf = async <T>(response: Response): Promise<T> => (await response.json()) as T;

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends just these headers, `host` and `origin` among them, which `fetch` keeps to itself. */
export async function send(
  url: string,
  { method = 'GET', headers = {}, body = '' }: Sent = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  const request = httpRequest(url, { method, headers, agent: false }).end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/**
 * A real server on a free port, with the fixture plugins and models.
 *
 * @param onEnd takes what ends it. Absent: it is ended when the test ends
 */
export async function startServer(
  configuration: ConfigurationInput = {},
  options: Omit<KernelOptions, 'configuration'> = {},
  onEnd: (end: () => Promise<void>) => void = onTestFinished,
): Promise<TestServer> {
  const storageFolder = configuration.storageFolder ?? (await mkdtemp(join(tmpdir(), 'easel-server-')));
  const manager = createImageServiceManager({
    bundled: false,
    environment: { CHAOS_KEY: 'sk-fixture-0123456789' },
    metrics: true,
    configuration: {
      pluginFolders: [fixtures('plugins')],
      catalogueFolders: [fixtures('catalogue')],
      currentModel: 'steady-one',
      storageFolder,
      retries: 0,
      ...configuration,
    },
    ...options,
  });
  const server = await createServer({ manager, logger: options.logger });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const close = async () => {
    await server.close();
    await manager.close();
  };
  onEnd(async () => {
    await close();
    await rm(storageFolder, { recursive: true, force: true, maxRetries: 10 });
  });
  return {
    url,
    manager,
    storageFolder,
    close,
    get: (path, headers = {}) => fetch(`${url}${path}`, { headers }),
    post: (path, body, headers = {}) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
  };
}
