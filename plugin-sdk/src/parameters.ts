/**
 * Parameters that tune how images are made, and that not every model has. Each is declared here once: the
 * fields of requests, of a model's `defaults` and `supports`, and of what a plugin is asked for follow from
 * its row.
 *
 * @module
 */
import { z } from 'zod';
import { seedLimit } from './image.js';

export const promptLimit = 32_000;

interface Row {
  readonly schema: z.ZodType;
  /** Describes it in a request. */
  readonly request: string;
  /** Describes it in `defaults` of a model. Absent: a model has no default of it. */
  readonly modelDefault?: string;
  /** Describes it in `supports` of a model. Absent: `supports` does not say whether a model takes it. */
  readonly support?: string;
  /** Whether a model takes it where `supports` does not say so. Absent: no. */
  readonly isUsual?: true;
  /** Describes it in what a plugin is asked for. */
  readonly generation: string;
}

const rows = {
  negativePrompt: {
    schema: z.string().max(promptLimit),
    request:
      "What it should not show; up to 32,000 characters. Absent: the model's own default, mostly none. Dropped with a warning where the model has no such thing.",
    modelDefault: 'Negative prompt where the request has none. Absent: none.',
    support: 'Takes a negative prompt. Absent: no, and one is dropped with a warning.',
    generation: 'Absent: none.',
  },
  steps: {
    schema: z.int().min(1).max(1000),
    request:
      "Denoising steps, 1 to 1000. Absent: the model's default. Dropped with a warning where the model has none.",
    modelDefault: 'Steps where the request has none. Absent: the plugin decides.',
    support: 'Takes a number of steps. Absent: no.',
    generation: "Absent: the plugin's own choice.",
  },
  sampler: {
    schema: z.string().min(1).max(100),
    request:
      "Sampler by any of its usual names, for example `dpmpp_2m` or `DPM++ 2M Karras`. Absent: the model's default.",
    modelDefault: "Sampler where the request has none. Absent: the model's own scheduler.",
    support: 'Takes a sampler. Absent: no.',
    generation: "Absent: the model's own scheduler.",
  },
  guidanceScale: {
    schema: z.number().min(0).max(100),
    request:
      "How strongly the prompt steers, 0 to 100; at most 1 means no classifier-free guidance. Absent: the model's default.",
    modelDefault: 'Guidance where the request has none. Absent: the plugin decides.',
    support: 'Takes a guidance scale. Absent: no.',
    generation: "Absent: the plugin's own choice.",
  },
  seed: {
    schema: z.int().min(0).max(seedLimit),
    request:
      'Start of the random numbers, 0 to 4294967295; image i of a call has seed + i, modulo 2^32. Absent: one is drawn and returned.',
    support: 'Same seed, same image. Absent: no, and a seed is dropped with a warning.',
    generation: 'Seed of the first image, + i for image i. Absent: the model has no seeds.',
  },
  strength: {
    schema: z.number().min(0).max(1),
    request:
      "How far to go from the input image, 0 (keep it) to 1 (ignore it). Absent: the model's default. Dropped with a warning where the model changes images by words alone.",
    modelDefault:
      'Strength where the request has an input image and no strength. Absent: the plugin decides.',
    support: 'Takes a strength beside an input image. Absent: yes.',
    isUsual: true,
    generation: "Absent: the plugin's own choice.",
  },
} as const satisfies Record<string, Row>;

type Rows = typeof rows;
export type ParameterName = keyof Rows;
export const parameterNames = Object.keys(rows) as ParameterName[];

type Optional<Name extends ParameterName> = z.ZodOptional<Rows[Name]['schema']>;
type Having<Text extends keyof Row> = {
  [Name in ParameterName]: Rows[Name] extends Readonly<Record<Text, string>> ? Name : never;
}[ParameterName];

/** Fields of a schema, one for each parameter whose row has that text. */
function shapeOf(
  text: 'request' | 'modelDefault' | 'support' | 'generation',
  schemaOf: (row: Row) => z.ZodType,
) {
  return Object.fromEntries(
    Object.entries<Row>(rows).flatMap(([name, row]) => {
      const described = row[text];
      return described === undefined ? [] : [[name, schemaOf(row).describe(described)]];
    }),
  );
}
const optional = ({ schema }: Row) => schema.optional();

export const requestParameters = shapeOf('request', optional) as {
  [Name in ParameterName]: Optional<Name>;
};
export const generationParameters = shapeOf('generation', optional) as typeof requestParameters;
export const parameterDefaults = shapeOf('modelDefault', optional) as {
  [Name in Having<'modelDefault'>]: Optional<Name>;
};
export const supportedParameters = shapeOf('support', ({ isUsual = false }) =>
  z.boolean().default(isUsual),
) as {
  [Name in Having<'support'>]: z.ZodDefault<z.ZodBoolean>;
};
