import { describe, expect, test } from 'vitest';
import { fillReading, kontextReading } from './image-reading.js';

test('Fill reads the pixels of the mask behind the masked image, those of each latent row by row', () => {
  const mask = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const channels = fillReading(2).channels(mask, Float32Array.from([-1, -2]), [1, 1, 2]);
  // Two latents side by side, of 2 x 2 pixels each.
  expect([...channels]).toEqual([-1, -2, 1, 3, 2, 4, 5, 7, 6, 8]);
});

describe('Kontext', () => {
  const reading = kontextReading(16);
  const latents = (height: number, width: number) => ({
    data: new Float32Array(4 * height * width).fill(height),
    shape: [1, 4, height, width],
  });

  test('brings images to the nearest shape that it was trained with, or keeps their size', () => {
    expect(reading.sizeOf({ width: 640, height: 480 }, undefined)).toEqual({ width: 1184, height: 880 });
    expect(reading.sizeOf({ width: 9, height: 900 }, undefined)).toEqual({ width: 672, height: 1568 });
    expect(reading.sizeOf({ width: 650, height: 480 }, { editedImageSize: 'own' })).toEqual({
      width: 640,
      height: 480,
    });
  });

  test('puts several images beside each other, of the number 1', () => {
    const inputs = reading.inputs([latents(4, 2), latents(2, 2)], 2);
    expect(inputs.edited_tokens?.shape).toEqual([2, 3, 16]);
    expect([...inputs.edited_tokens!.data].filter((_, index) => index % 16 === 0)).toEqual([
      4, 4, 2, 4, 4, 2,
    ]);
    const [first, other] = [
      inputs.edited_positions!.data.slice(0, 9),
      inputs.edited_positions!.data.slice(9),
    ];
    // The first is two tokens high, so that the second goes to its right.
    expect([...first]).toEqual([1, 0, 0, 1, 1, 0, 1, 0, 1]);
    expect(other).toEqual(first);
  });
});
