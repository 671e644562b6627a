import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRunning } from '../fixtures/is-running.js';
import { folder } from './kinds.js';

function startHost(kind: string, prompt: string): ChildProcess {
  const host = spawn(process.execPath, [`${folder}/host.js`, kind, prompt], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void host.kill('SIGKILL'));
  return host;
}

describe('a host that is killed', () => {
  it.each(['loop', 'never'])('leaves no plugin behind that is at "%s"', async (prompt) => {
    const host = startHost('process', prompt);
    const [line] = await once(createInterface({ input: host.stdout as NodeJS.ReadableStream }), 'line');
    const pid = Number(line);
    onTestFinished(() => {
      if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    });
    expect(isRunning(pid)).toBe(true);
    host.kill('SIGKILL');
    await once(host, 'exit');
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

describe('a host that has nothing left to do', () => {
  it.each(['process', 'thread', 'inline'])(
    'ends by itself beside an idle plugin of the runner %s',
    async (kind) => {
      const host = startHost(kind, 'picture');
      const [status] = await once(host, 'exit', { signal: AbortSignal.timeout(5_000) });
      expect(status).toBe(0);
    },
  );
});
