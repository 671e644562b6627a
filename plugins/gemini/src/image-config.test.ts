import { describe, expect, it } from 'vitest';
import { chooseImageConfig, sizeWarnings } from './image-config.js';
import type { Options } from './settings.js';

const options: Pick<Options, 'aspectRatios' | 'imageSizes'> = {
  aspectRatios: ['1:1', '2:3', '3:2', '9:16', '16:9', '1:8'],
  imageSizes: ['512', '1K', '2K', '4K'],
};
const fresh = { count: 0, defaults: { width: 1024, height: 1024 } };
const choose = (width: number, height: number) => chooseImageConfig({ width, height }, options, fresh);

describe('chooseImageConfig', () => {
  it.each([
    [1024, 1024, '1:1', '1K'],
    [1920, 1080, '16:9', '1K'],
    [1080, 1920, '9:16', '1K'],
    [2752, 1536, '16:9', '2K'],
    [300, 300, '1:1', '512'],
    [1000, 1450, '2:3', '1K'],
    [360, 2900, '1:8', '1K'],
    [6000, 4000, '3:2', '4K'],
  ] as const)('%i x %i is %s at %s', (width, height, aspectRatio, imageSize) => {
    expect(choose(width, height)).toEqual({ aspectRatio, imageSize });
  });

  it('names no size where the model makes one only, and no shape for an edit that asks for none', () => {
    const one = { ...options, imageSizes: ['1K' as const] };
    expect(chooseImageConfig({ width: 1024, height: 1024 }, one, fresh)).toEqual({ aspectRatio: '1:1' });
    const edit = { ...fresh, count: 1 };
    expect(chooseImageConfig({ width: 1024, height: 1024 }, one, edit)).toEqual({});
    expect(chooseImageConfig({ width: 1024, height: 1025 }, one, edit)).toEqual({ aspectRatio: '1:1' });
  });
});

describe('sizeWarnings', () => {
  it('tells an edge that has become another', () => {
    const asked = { width: 1000, height: 1024 };
    const warnings = sizeWarnings(asked, [{ width: 1024, height: 1024 }], { aspectRatio: '1:1' });
    expect(warnings).toEqual([
      { code: 'parameter-adapted', parameter: 'width', message: expect.stringContaining('1000 became 1024') },
    ]);
  });
});
