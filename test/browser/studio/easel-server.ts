import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

const command = fileURLToPath(new URL('../../../easel/bin/easel.js', import.meta.url));

export interface EaselServer {
  readonly url: string;
  readonly folder: string;
  /** Ends it as a crash would, and starts it again at the same address. */
  restart(): Promise<void>;
}

type Environment = Readonly<Record<string, string>>;

/** `easel serve` as people start it, with the models and plugins that come with it; ended with the test. */
export async function startEasel(environment: Environment = {}): Promise<EaselServer> {
  const server = await launch(environment);
  onTestFinished(() => server.end());
  return server;
}

/** One for all tests of a file, which find there what those before them have made. */
export function shareEasel(environment: Environment = {}): () => EaselServer {
  let server: Awaited<ReturnType<typeof launch>> | undefined;
  beforeAll(async () => {
    server = await launch(environment);
  });
  afterAll(() => server?.end());
  return () => {
    if (!server) throw new Error('The server is there once the tests run.');
    return server;
  };
}

async function launch(environment: Environment): Promise<EaselServer & { end(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-studio-'));
  let running: ChildProcess | undefined;
  const start = async (port: string) => {
    const child = spawn(process.execPath, [command, 'serve', '--json', '--port', port], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, EASEL_STORAGE: join(folder, 'storage'), ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running = child;
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) {
      const { url } = JSON.parse(line) as { url?: string };
      child.stdout.resume();
      if (url) return url;
    }
    throw new Error('The server ended before it listened.');
  };
  const stop = async (signal: NodeJS.Signals) => {
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill(signal);
    await ended;
  };
  const url = await start('0');
  return {
    url,
    folder,
    async restart() {
      await stop('SIGKILL');
      await start(new URL(url).port);
    },
    async end() {
      await stop('SIGTERM');
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
