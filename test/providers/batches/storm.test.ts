/**
 * Everything at once: answers fail, break off, are cut and come late, and the plugin's process is killed in
 * every life of its kernel but the last ones. Each call is sent again until it is answered.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isPictureOf, readSerial } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { seeded } from '../../fixtures/seeded.js';
import { findPid } from '../provider-kernels.js';
import { drawFault } from '../storm.js';
import { batchKinds } from './kinds.js';

describe.each(batchKinds)('a storm of $plugin', ({ answers, createWorld, call }) => {
  it.each([1, 2, 3])('pays each image once, and loses none (%i)', { timeout: 90_000 }, async (seed) => {
    const random = seeded(seed);
    const { emulator, createKernel } = await createWorld({
      course: () => ({ perLineMs: 80, order: 'shuffled' }),
      settings: { fullAt: 4, gatherMs: 40, settleMs: 400, requestMs: 1_000 },
      script: () => drawFault(random, answers),
    });
    const prompts = Array.from({ length: 10 }, (_, index) => `animal ${index}`);
    const serials = new Map<string, number>();
    for (let life = 0; serials.size < prompts.length && life < 30; life++) {
      const kernel = createKernel();
      const missing = prompts.filter((prompt) => !serials.has(prompt)).reverse();
      const calls = missing.map(async (prompt) => {
        const { images } = await kernel.generateImage(...call(prompt));
        expect(await isPictureOf(images[0]!.bytes, prompt)).toBe(true);
        serials.set(prompt, await readSerial(images[0]!.bytes));
      });
      const ended = Promise.allSettled(calls);
      if (life < 8) {
        // A drawn moment, not a condition.
        await pause(400 + random() * 500);
        const pid = findPid(kernel);
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
      }
      await ended;
      await kernel.close();
    }
    expect(serials.size).toBe(prompts.length);
    expect(new Set(serials.values()).size).toBe(prompts.length);
    expect(emulator.paid).toBe(prompts.length);
  });
});
