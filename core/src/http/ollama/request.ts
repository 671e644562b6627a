import { type ImageRequest, type InputImage, imageRequestSchema, type Warning } from '@easel/plugin-sdk';
import { z } from 'zod';
import { withoutAbsent } from '../request-fields.js';

const field = imageRequestSchema.shape;
/** 0 is absent. */
const edge = z.int().min(0).max(16_384).nullish();

const optionsSchema = z.looseObject({ seed: z.int().nullish() });

/**
 * Fields of Ollama's `generate` that have a meaning for images; others that are there are named in the
 * answer.
 */
export const ollamaGenerateSchema = z.looseObject({
  model: z.string().min(1).max(200),
  prompt: z.string().nullish(),
  negative_prompt: field.negativePrompt.nullish(),
  width: edge,
  height: edge,
  steps: z.int().min(0).max(1000).nullish(),
  images: z.array(z.string()).max(16).nullish(),
  stream: z.boolean().nullish(),
  options: optionsSchema.nullish(),
});
export type OllamaGenerate = z.output<typeof ollamaGenerateSchema>;

/** What is about models in memory, and changes no image. */
export const silentFields: ReadonlySet<string> = new Set(['keep_alive', 'raw', 'context']);

/** Ollama's names have a tag behind them; `latest` is what a name without one means. */
export const idOf = (name: string): string => name.replace(/:latest$/, '');

/** What the kernel is asked for, and what of the request has no effect. */
export function fromOllamaRequest(
  body: OllamaGenerate,
  inputImages: readonly InputImage[],
): { asked: ImageRequest; warnings: Warning[] } {
  const { model, prompt, negative_prompt, width, height, steps, options } = body;
  const seed = options?.seed;
  const asked = {
    prompt: prompt ?? '',
    model: idOf(model),
    ...withoutAbsent({
      negativePrompt: negative_prompt,
      width: width || undefined,
      height: height || undefined,
      steps: steps || undefined,
      // There -1 is a drawn one.
      seed: seed === null || seed === undefined || seed < 0 ? undefined : seed,
    }),
    ...(inputImages.length === 0 ? {} : { inputImages: [...inputImages] }),
  };
  return { asked, warnings: unreadFields(body).map(warn) };
}

function unreadFields(body: OllamaGenerate): string[] {
  const isThere = (value: unknown) =>
    value !== null && value !== undefined && value !== '' && value !== false;
  const others = Object.entries(body)
    .filter(([name, value]) => !Object.hasOwn(ollamaGenerateSchema.shape, name) && isThere(value))
    .map(([name]) => name)
    .filter((name) => !silentFields.has(name));
  const options = Object.keys(body.options ?? {}).filter((name) => name !== 'seed');
  return [...others, ...options.map((name) => `options.${name}`)].slice(0, 40);
}

const warn = (name: string): Warning => {
  const parameter = name.slice(0, 200);
  return { code: 'parameter-dropped', parameter, message: `${parameter} had no effect.` };
};
