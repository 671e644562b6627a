import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const temporaryBytes = 4 * 1024 * 1024;

/** Environment variables beside `PATH`. */
type Environment = Readonly<Record<string, string>>;

/** A folder that everybody may write to, as a volume is; gone when the test ends. */
export async function createVolume(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-volume-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  await chmod(folder, 0o777);
  return folder;
}

/**
 * Starts a program where nothing can be written but `/data`, which is the volume, and a `/tmp` of 4 MiB, as a
 * user that the system does not know, with process ids of its own.
 */
export function startInContainer(
  volume: string,
  words: readonly string[],
  environment: Environment = {},
): ChildProcess {
  const variables = Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]);
  const sandbox = [
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'],
    ...['--size', String(temporaryBytes), '--tmpfs', '/tmp'],
    // Where these are below /tmp they would be hidden by it.
    ...['--ro-bind', repository, repository, '--ro-bind', process.execPath, process.execPath],
    ...['--bind', volume, '/mnt', '--chdir', repository],
    ...['--unshare-user', '--uid', '4321', '--gid', '4321', '--unshare-pid', '--die-with-parent'],
    ...['--clearenv', '--setenv', 'PATH', process.env.PATH ?? '', ...variables],
  ];
  const child = spawn('bwrap', [...sandbox, '--', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return child;
}

const command = join(repository, 'core/bin/easel.js');

/** Runs `easel` in a container to its end. */
export async function easelInContainer(volume: string, words: readonly string[], environment?: Environment) {
  const child = startInContainer(volume, [process.execPath, command, ...words], environment);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output };
}

/** Starts `easel serve` in a container; resolves with its address when it listens. */
export async function serveInContainer(volume: string, environment: Environment): Promise<string> {
  const words = [process.execPath, command, 'serve', '--port', '0', '--json'];
  const child = startInContainer(volume, words, environment);
  const lines: string[] = [];
  createInterface(child.stderr as NodeJS.ReadableStream).on('line', (line) => lines.push(line));
  for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
    const url = /"url":"([^"]+)"/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout?.resume();
    return url;
  }
  throw new Error(`the server ended before it listened: ${lines.join('\n')}`);
}
