/**
 * Everything at once, drawn at random: lost, cut, doubled, late and garbled messages, sessions that expire, a
 * Runware that restarts, and a plugin that is killed. Every call gets its own pictures, and each is paid
 * once.
 *
 * @module
 */

import { isPictureOf, readSerial } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { lossyFaults } from '../faults/runware.js';
import { pick } from '../faults/site.js';
import { seeded } from '../fixtures/seeded.js';
import { findPid, pidOf } from './provider-kernels.js';
import { createRunwareWorld, withOptions } from './runware-world.js';

const calls = 60;

describe('runware, in a storm', () => {
  it.each([1, 2, 3])(
    'gets all pictures, right and paid once (storm %i)',
    { timeout: 120_000 },
    async (storm) => {
      const random = seeded(storm);
      const { ask, emulator } = await createRunwareWorld({
        gatherMs: storm === 3 ? 5 : 0,
        sessionMs: storm === 2 ? 50 : 120_000,
        settings: { requestMs: 1_500, silenceMs: 60_000, connectMs: 20_000, pingMs: 200, pongMs: 300 },
        runtime: { concurrency: calls },
      });
      emulator.script = ({ taskType }) => {
        const fault = random() < 0.25 ? pick(random, lossyFaults) : undefined;
        return { ...(taskType === 'imageInference' ? { workMs: random() * 200 } : {}), ...fault };
      };
      const asked = Array.from({ length: calls }, (_, index) => {
        const delivery = index % 2 === 0 ? 'async' : 'sync';
        return ask(`animal ${index}`, {
          seed: 3 * index + 1,
          n: 1 + (index % 2),
          ...withOptions({ delivery }),
        });
      });
      const paidInAll = calls + calls / 2;
      const all = Promise.all(asked);
      if (storm > 1) {
        await expect.poll(() => emulator.paid).toBeGreaterThan(10);
        await emulator.restart({ downMs: 200 });
      }
      for (const [index, { images }] of (await all).entries()) {
        expect(images).toHaveLength(1 + (index % 2));
        for (const [place, { bytes }] of images.entries()) {
          expect(await isPictureOf(bytes, `animal ${index}`)).toBe(true);
          expect(await readSerial(bytes)).toBe((3 * index + 1 + place) % 256);
        }
      }
      expect(emulator.paid).toBe(paidInAll);
    },
  );

  it('gets all pictures of calls that are sent again after the plugin was killed', {
    timeout: 120_000,
  }, async () => {
    const random = seeded(4);
    const { ask, manager, emulator } = await createRunwareWorld({
      settings: { requestMs: 1_500, silenceMs: 60_000 },
      runtime: { concurrency: calls },
      // A process that ends fails all of its calls.
      breaker: { minimumCalls: 1_000 },
    });
    emulator.script = ({ taskType }) => ({
      ...(taskType === 'imageInference' ? { workMs: 50 + random() * 400 } : {}),
      ...(random() < 0.1 ? pick(random, lossyFaults) : undefined),
    });
    const askStubbornly = async (index: number) => {
      for (let failures = 0; ; failures++) {
        try {
          return await ask(`animal ${index}`, { seed: index + 1 });
        } catch (error) {
          if (failures > 5) throw error;
        }
      }
    };
    const all = Promise.all(Array.from({ length: calls }, (_, index) => askStubbornly(index)));
    for (const paid of [20, 50]) {
      await expect.poll(() => emulator.paid).toBeGreaterThanOrEqual(paid);
      // It may be starting again, after a failure of its own.
      await expect.poll(() => findPid(manager)).toBeDefined();
      process.kill(pidOf(manager), 'SIGKILL');
    }
    for (const [index, { images }] of (await all).entries())
      expect(await isPictureOf(images[0]!.bytes, `animal ${index}`)).toBe(true);
    expect(emulator.paid).toBe(calls);
    const tasks = emulator.sent('imageInference').map(({ taskUUID }) => taskUUID);
    expect(new Set(tasks).size).toBe(emulator.paid);
  });
});
