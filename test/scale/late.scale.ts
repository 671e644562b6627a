import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runwareKey, startRunwareEmulator } from '../../plugins/runware/src/emulator/index.js';
import { jobAt } from './fixtures/jobs.js';
import { createWorld } from './fixtures/world.js';

it('a paid job whose turn comes too late is ended by the worker that is brought it, and nobody is paid', async () => {
  const emulator = await startRunwareEmulator();
  const world = await createWorld({ RUNWARE_API_KEY: runwareKey });
  const options = { webSocketUrl: emulator.url, httpUrl: emulator.httpUrl, allowPrivateAddresses: true };
  const configuration = { currentModel: 'runware-sdxl', plugins: { runware: { options } } };
  try {
    const gateway = await world.serve('gateway', configuration);
    const submit = async (start_within_ms: number) => {
      const response = await fetch(`${gateway.url}/api/images/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ prompt: 'a boat', size: '128x128', start_within_ms }),
      });
      expect(response.status).toBe(202);
      return (await response.json()) as { id: string; start_before?: string };
    };
    const [late, inTime] = [await submit(3_000), await submit(600_000)];
    const startBefore = Date.parse(late.start_before ?? '');
    expect(Date.parse(inTime.start_before ?? '')).toBeGreaterThan(startBefore);
    // Nobody is there when the time is over: neither who has accepted it, nor a worker.
    await gateway.end('SIGKILL');
    await delay(Math.max(0, startBefore - Date.now()) + 100);
    await world.serve('worker', configuration);
    const again = await gateway.again();
    const stateOf = async ({ id }: { id: string }) => (await jobAt(again, id)).state;
    await expect.poll(() => stateOf(inTime)).toBe('succeeded');
    await expect.poll(() => stateOf(late)).toBe('failed');
    const { error } = await jobAt(again, late.id);
    expect(error).toMatchObject({
      code: 'ERR_DEADLINE',
      message: expect.stringContaining('start_within_ms'),
    });
    expect(error?.mayBePaid).toBeUndefined();
    expect(emulator.paid).toBe(1);
    await expect.poll(() => world.leftovers()).toEqual({ open: 0, queued: 0, outstanding: 0 });
  } finally {
    await world.close();
    await emulator.close();
  }
});
