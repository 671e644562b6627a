import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pidOf } from '../providers/provider-kernels.js';
import { createRunwareWorld, withOptions } from '../providers/runware-world.js';

const atOnce = 100;
const warmUp = 4_000;
const count = 10_000;
/** Milliseconds that a picture takes. */
const workMs = 20;

/** MiB that a process has in memory, from /proc. */
const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

it(`${count.toLocaleString('en')} Runware pictures over two connections: each paid once, many at once, and no memory is left behind`, async () => {
  const { ask, manager, emulator } = await createRunwareWorld({
    script: ({ taskType }) => (taskType === 'imageInference' ? { workMs } : undefined),
    settings: { transport: 'websocket', connections: 2, answerMs: 20_000, silenceMs: 60_000 },
    runtime: { concurrency: atOnce, queue: atOnce },
  });
  let made = 0;
  /** So many calls in so many lanes; answers calls a second. */
  const make = async (calls: number, lanes: number): Promise<number> => {
    const startedAt = performance.now();
    const until = made + calls;
    const lane = async () => {
      while (made < until)
        await ask(`picture ${made}`, { seed: ++made, ...withOptions({ delivery: 'sync' }) });
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return (1_000 * calls) / (performance.now() - startedAt);
  };
  const alone = await make(50, 1);
  await make(warmUp - made, atOnce);
  const before = residentMb(pidOf(manager));
  const together = await make(count - made, atOnce);
  const after = residentMb(pidOf(manager));
  console.log(
    `one after the other ${alone.toFixed(0)} a second, ${atOnce} at once ${together.toFixed(0)}; the plugin's memory ${before.toFixed(0)} -> ${after.toFixed(0)} MiB`,
  );
  expect(emulator.paid).toBe(count);
  expect(emulator.connections).toBe(2);
  // Ten times on a quiet machine; one call after the other would be once.
  expect(together).toBeGreaterThan(3 * alone);
  // Over 40,000 pictures it came and went between 132 and 150; a leak of 8 KiB a picture would exceed this.
  expect(after).toBeLessThan(before + 45);
}, 240_000);
