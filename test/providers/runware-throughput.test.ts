/**
 * Many calls at once over two connections, while those break off and mix what they bring.
 *
 * @module
 */

import { isPictureOf, readSerial } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { createRunwareWorld, withOptions } from './runware-world.js';

const count = 500;

describe('runware, 500 calls at once', () => {
  it.each(['sync', 'async'])(
    'over two connections get their own pictures, each paid once (%s)',
    { timeout: 120_000 },
    async (delivery) => {
      const { ask, emulator } = await createRunwareWorld({
        gatherMs: 5,
        settings: {
          transport: 'websocket',
          connections: 2,
          firstPollMs: 100,
          longestPollMs: 500,
          answerMs: 5_000,
          silenceMs: 60_000,
        },
        runtime: { concurrency: count, queue: count },
      });
      emulator.script = ({ taskType, seed }, { index }) => {
        if (taskType !== 'imageInference') return undefined;
        const drop = index === 150 || index === 350 ? ('after' as const) : undefined;
        return {
          workMs: (Number(seed) * 37) % 90,
          duplicates: index % 7 === 0 ? 1 : 0,
          ...(drop ? { drop } : {}),
        };
      };
      const calls = Array.from({ length: count }, (_, index) =>
        ask(`animal ${index}`, { seed: index + 1, ...withOptions({ delivery }) }),
      );
      const results = await Promise.all(calls);
      const wrong: number[] = [];
      for (const [index, { images }] of results.entries()) {
        const { bytes } = images[0]!;
        const isRight =
          (await isPictureOf(bytes, `animal ${index}`)) && (await readSerial(bytes)) === (index + 1) % 256;
        if (!isRight) wrong.push(index);
      }
      expect(wrong).toEqual([]);
      expect(emulator.paid).toBe(count);
      // Two, and one more for each that broke off.
      expect(emulator.connections).toBeLessThanOrEqual(4);
    },
  );
});
