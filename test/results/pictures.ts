import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageResult, UsedParameters } from '@easel/core';
import type { Image } from '@easel/plugin-sdk';
import { onTestFinished } from 'vitest';
import { onePixelPng } from '../fixtures/one-pixel-png.js';

/** An empty folder that is gone when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'easel-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

export const png = (seed?: number): Image => ({
  bytes: onePixelPng,
  mediaType: 'image/png',
  width: 1,
  height: 1,
  ...(seed === undefined ? {} : { seed }),
});

/** What the kernel answers for the given pictures. */
export function resultOf(images: readonly Image[], parameters: Partial<UsedParameters> = {}): ImageResult {
  return {
    images,
    warnings: [],
    timings: { total: Math.random() },
    provenance: {
      model: 'painter-one',
      pipelineType: 'painting',
      plugin: { id: 'painter', version: '1.2.3' },
      parameters: {
        prompt: 'A red house',
        width: 96,
        height: 64,
        n: images.length,
        ...(images[0]?.seed === undefined ? {} : { seed: images[0].seed }),
        ...parameters,
      },
      attempts: [
        {
          plugin: 'painter',
          model: 'steady-one',
          pipelineType: 'painting',
          outcome: 'ok',
          durationMs: Math.random(),
        },
      ],
    },
  };
}
