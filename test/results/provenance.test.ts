import { embedProvenance, readProvenance } from '@easel/core';
import { describe, expect, it } from 'vitest';
import { readPngText, writePngText } from '../../core/src/results/png-text.js';
import { onePixelPng } from '../fixtures/one-pixel-png.js';
import { png, resultOf } from './pictures.js';

const embedded = (result: ReturnType<typeof resultOf>, index = 0) =>
  embedProvenance(result).images[index]?.bytes ?? new Uint8Array();
const everything = {
  prompt: 'ein rotes Häuschen, 赤い家',
  negativePrompt: 'people',
  steps: 20,
  guidanceScale: 3.5,
  sampler: 'dpmpp_2m',
  options: { tiled: true, nested: { b: 1, a: [2] } },
};

describe('embedProvenance', () => {
  it('gives equal bytes for equal calls, whatever the plugin tells beside', () => {
    const once = resultOf([png(7)], { ...everything, pid: 1 } as never);
    const again = resultOf([png(7)], { ...everything, pid: 2 } as never);
    expect(embedded(once)).toEqual(embedded(again));
    const otherOrder = { ...everything, options: { nested: { a: [2], b: 1 }, tiled: true } };
    expect(embedded(resultOf([png(7)], otherOrder))).toEqual(embedded(once));
  });

  it('tells of each picture of a call its own seed', () => {
    const result = resultOf([png(7), png(8)]);
    const document = JSON.parse(readPngText(embedded(result, 1)).get('easel') ?? '');
    expect(document).toMatchObject({ schema: 1, model: 'painter-one', parameters: { seed: 8, n: 1 } });
    expect(embedded(result, 1)).toEqual(embedded(resultOf([png(8)])));
    expect(readPngText(embedded(result, 1)).get('parameters')).toContain('Seed: 8, Size: 96x64');
  });

  it('holds no time and no attempt', () => {
    expect(readPngText(embedded(resultOf([png(7)]))).get('easel')).not.toMatch(/ms|time|attempt|duration/i);
  });

  it('lets other formats pass, and what is not a PNG with a warning', () => {
    const jpeg = { ...png(1), mediaType: 'image/jpeg' };
    const broken = { ...png(2), bytes: onePixelPng.subarray(0, 40) };
    const result = embedProvenance(resultOf([jpeg, broken]));
    expect(result.images).toEqual([jpeg, broken]);
    expect(result.warnings).toMatchObject([{ message: expect.stringMatching(/Picture 2 .* cut short/) }]);
  });
});

describe('readProvenance', () => {
  it('gives the request back', () => {
    expect(readProvenance(embedded(resultOf([png(7)], everything)))).toMatchObject({
      request: {
        prompt: everything.prompt,
        negativePrompt: 'people',
        model: 'painter-one',
        width: 96,
        height: 64,
        n: 1,
        seed: 7,
        steps: 20,
        guidanceScale: 3.5,
        sampler: 'dpmpp_2m',
        providerOptions: { painter: everything.options },
      },
      warnings: [],
      document: { plugin: { id: 'painter', version: '1.2.3' } },
    });
  });

  it('leaves out the strength, because the input image is not there', () => {
    const { request, warnings } = readProvenance(embedded(resultOf([png(7)], { strength: 0.5 })));
    expect(request).not.toHaveProperty('strength');
    expect(warnings).toMatchObject([{ parameter: 'strength' }]);
  });

  const withTexts = (texts: Record<string, string>) => writePngText(onePixelPng, texts);
  const document = (changes: object) =>
    JSON.stringify({
      ...JSON.parse(readPngText(embedded(resultOf([png(7)]))).get('easel') ?? ''),
      ...changes,
    });

  it('reads the text of other tools where there is nothing of its own, or something newer', () => {
    expect(readProvenance(withTexts({ parameters: 'a house' })).request).toEqual({ prompt: 'a house' });
    const newer = readProvenance(
      withTexts({ easel: document({ schema: 2 }), parameters: 'a house' }),
      'new.png',
    );
    expect(newer.request).toEqual({ prompt: 'a house' });
    expect(newer.warnings[0]?.message).toMatch(/new\.png was written by a newer Easel/);
  });

  it.each([
    ['nothing', {}, /new\.png does not tell how it was made/],
    ['no JSON', { easel: '{' }, /its "easel" text is not JSON/],
    ['a newer document alone', { easel: document({ schema: 2 }) }, /does not validate: schema/],
    ['a wrong type', { easel: document({ model: 7 }), parameters: 'x' }, /does not validate: model/],
    [
      'a value out of range',
      { easel: document({ parameters: { prompt: 'x', width: 8, height: 1e9, n: 1 } }) },
      /parameters\.height/,
    ],
    ['null', { easel: 'null' }, /does not validate/],
  ])('refuses a file that tells %s', (_, texts, message) => {
    expect(() => readProvenance(withTexts(texts), 'new.png')).toThrow(
      expect.objectContaining({ code: 'ERR_REQUEST_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it('names the file that is not a PNG', () => {
    expect(() => readProvenance(new Uint8Array(5), 'notes.txt')).toThrow(
      /^notes\.txt: The PNG file does not/,
    );
  });
});
