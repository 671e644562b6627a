/**
 * What requests for pictures have in them: what Parasail's own helper writes and requires
 * (github.com/parasail-ai/openai-batch, openai_batch/batch.py).
 *
 * @module
 */
import type { LineRules } from '@easel/plugin-sdk/emulator';
import { z } from 'zod';

/** Models that the emulator has. */
export const imageModels: ReadonlySet<string> = new Set(['Shitao/OmniGen-v1', 'emulated/flux']);
const sizeSchema = z.string().regex(/^\d{2,5}x\d{2,5}$/);

/** Fields beyond those named pass through, as they do there. */
export const imageBodySchema = z.looseObject({
  model: z.string().refine((name) => imageModels.has(name), 'is not a model that this key may use'),
  prompt: z.string().min(1),
  size: sizeSchema,
  image: z.array(z.string().min(1)).min(1).optional(),
  response_format: z.enum(['b64_json', 'url']),
  n: z.literal(1).optional(),
  stream: z.literal(false).optional(),
});
export type ImageBody = z.output<typeof imageBodySchema>;

export const lineRules: LineRules<ImageBody> = {
  endpoints: new Set([
    '/v1/chat/completions',
    '/v1/embeddings',
    '/v1/images/generations',
    '/v1/images/edits',
  ]),
  // docs.parasail.io, batch file format.
  mostLines: 50_000,
  mostBytes: 100 * 1024 * 1024,
  bodySchema: () => imageBodySchema,
  problemOf: (endpoint, { image }) =>
    endpoint.endsWith('/edits') && !image
      ? { code: 'missing_field', message: 'image is required.', param: 'body.image' }
      : undefined,
};

/** Bytes of the pictures that a body brings along. */
export const inputsOf = ({ image = [] }: ImageBody): Buffer[] =>
  image.map((one) => Buffer.from(one.replace(/^data:[^,]*,/, ''), 'base64'));

export function readSize(size: string): { width: number; height: number } {
  const [width = 0, height = 0] = size.split('x').map(Number);
  return { width, height };
}
