/**
 * What the models can do, as their provider's pages say it: ai.google.dev/gemini-api/docs/image-generation,
 * read in November 2026.
 *
 * @module
 */

export interface ImageModel {
  readonly kind: 'image';
  readonly aspectRatios: ReadonlySet<string>;
  /** Tokens of one picture by `imageSize`. */
  readonly tokens: Readonly<Record<string, number>>;
  readonly thinkingLevels: ReadonlySet<string>;
  /** Whether it refuses its own images without their signatures. Absent: it does. */
  readonly isLenient?: boolean;
}
export type GeminiModel = ImageModel | { readonly kind: 'text' };

const usual = ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'];
const extreme = ['1:4', '4:1', '1:8', '8:1'];
const all = new Set([...usual, ...extreme]);
const ends = new Set(['MINIMAL', 'HIGH']);

export const geminiModels: Readonly<Record<string, GeminiModel>> = {
  'gemini-3.1-flash-image': {
    kind: 'image',
    aspectRatios: all,
    tokens: { '512': 747, '1K': 1120, '2K': 1680, '4K': 2520 },
    thinkingLevels: ends,
  },
  'gemini-nano-banana-2.1': {
    kind: 'image',
    aspectRatios: all,
    tokens: { '1K': 1120, '2K': 1680, '4K': 3780 },
    thinkingLevels: new Set([...ends, 'MEDIUM']),
  },
  'gemini-3-pro-image': {
    kind: 'image',
    aspectRatios: new Set(usual),
    tokens: { '1K': 1120, '2K': 1120, '4K': 2000 },
    thinkingLevels: new Set(),
    isLenient: true,
  },
  'gemini-3.1-flash-lite-image': {
    kind: 'image',
    aspectRatios: all,
    tokens: { '1K': 1120 },
    thinkingLevels: ends,
  },
  'gemini-3.5-flash-lite': { kind: 'text' },
  'gemini-3.8-flash': { kind: 'text' },
};

/** Pixels at 1K of the ratios whose size is published. */
const published: Readonly<Record<string, readonly [number, number]>> = {
  '1:1': [1024, 1024],
  '2:3': [848, 1264],
  '3:2': [1264, 848],
  '3:4': [896, 1200],
  '4:3': [1200, 896],
  '4:5': [928, 1152],
  '5:4': [1152, 928],
  '9:16': [768, 1376],
  '16:9': [1376, 768],
  '21:9': [1584, 672],
};
const scales: Readonly<Record<string, number>> = { '512': 0.5, '1K': 1, '2K': 2, '4K': 4 };

/**
 * Pixels of a picture; of a ratio whose size is not published, about as many as of a square, in multiples of
 * 16.
 */
export function sizeOf(aspectRatio: string, imageSize: string): { width: number; height: number } {
  const [across = 1, down = 1] = aspectRatio.split(':').map(Number);
  const derived = (edge: number) => Math.round(edge / 16) * 16;
  const [width, height] = published[aspectRatio] ?? [
    derived(1024 * Math.sqrt(across / down)),
    derived(1024 * Math.sqrt(down / across)),
  ];
  const scale = scales[imageSize] ?? 1;
  return { width: width * scale, height: height * scale };
}
