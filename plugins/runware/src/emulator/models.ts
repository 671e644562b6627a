/**
 * Models that take less or other than the general reference says: runware.ai/docs/models, as of November
 * 2026. Limits of Qwen-Image, Seedream and GPT Image are those of their makers.
 *
 * @module
 */

interface Limits {
  /** Pixels, the least and the most. */
  readonly edges: readonly [number, number];
  readonly multipleOf: number;
  /** Undefined: there is no such parameter. */
  readonly steps?: readonly [number, number];
  readonly guidance?: readonly [number, number];
  /** Reference images, at most. */
  readonly references: number;
  /** Whether it takes an image to start from. */
  readonly starts: boolean;
  readonly negatives: boolean;
}

const editing = { starts: false, negatives: false };
const starting = { starts: true, negatives: true, references: 0 };
const sampled = { steps: [1, 50], guidance: [1, 20] } as const;
const flux2 = { ...editing, edges: [256, 1_920], multipleOf: 16 } as const;
const open = { edges: [128, 2_048], multipleOf: 16, steps: [1, 100], guidance: [0, 50] } as const;

const limits: Readonly<Record<string, Limits>> = {
  'runware:400@1': { ...editing, ...sampled, edges: [512, 2_048], multipleOf: 16, references: 4 },
  'bfl:5@1': { ...flux2, references: 9 },
  'bfl:6@1': { ...flux2, ...sampled, references: 10 },
  'runware:z-image@0': { ...starting, ...open },
  'runware:z-image@turbo': { ...starting, ...open },
  'runware:108@1': { ...starting, ...open },
  'runware:108@22': { ...editing, ...open, references: 3, negatives: true },
  'bytedance:seedream@4.5': { ...editing, edges: [1_024, 6_144], multipleOf: 1, references: 14 },
  'openai:gpt-image@2': { ...editing, edges: [256, 3_840], multipleOf: 16, references: 16 },
};

/** Undefined: the general reference holds. */
export const limitsOf = (model: unknown): Limits | undefined =>
  typeof model === 'string' && Object.hasOwn(limits, model) ? limits[model] : undefined;
