/**
 * What each emulated server takes: a field that is not here is refused, as the service refuses it or as a
 * strict reading of its documentation would. Written from the documentation, and not from what the plugin
 * sends.
 *
 * @module
 */
import { z } from 'zod';

const size = z.string().regex(/^(auto|\d+x\d+)$/);
const count = z.coerce.number().int().min(1).max(10);
const number = z.coerce.number();
const prompt = z.string().min(1).max(32_000);
const model = z.string().min(1);

/** Sizes of GPT image models from 2 on: multiples of 16, at most 3:1, at most 3840x2160 pixels. */
const gptSize = size.refine((text) => {
  if (text === 'auto') return true;
  const [width = 0, height = 0] = text.split('x').map(Number);
  const isShaped = width <= height * 3 && height <= width * 3;
  return width % 16 === 0 && height % 16 === 0 && isShaped && width * height <= 3840 * 2160;
}, 'is not a size of this model');

const gpt = {
  model,
  prompt,
  n: count.optional(),
  size: gptSize.optional(),
  quality: z.enum(['low', 'medium', 'high', 'auto']).optional(),
  background: z.enum(['opaque', 'auto']).optional(),
  output_format: z.enum(['png', 'jpeg', 'webp']).optional(),
  output_compression: z.coerce.number().int().min(0).max(100).optional(),
  partial_images: z.coerce.number().int().min(0).max(3).optional(),
  stream: z.union([z.boolean(), z.literal('true'), z.literal('false')]).optional(),
  safety_identifier: z.string().max(64).optional(),
  user: z.string().optional(),
};

const xaiImage = z.strictObject({ url: z.string(), type: z.literal('image_url').optional() });
const xai = {
  model,
  prompt,
  n: count.optional(),
  aspect_ratio: z
    .string()
    .regex(/^(auto|[\d.]+:[\d.]+)$/)
    .optional(),
  resolution: z.enum(['1k', '2k']).optional(),
  quality: z.enum(['low', 'medium', 'high']).optional(),
  response_format: z.enum(['url', 'b64_json']).optional(),
  user: z.string().optional(),
};

const open = {
  model,
  prompt,
  n: count.optional(),
  size: size.optional(),
  seed: number.optional(),
  num_inference_steps: number.optional(),
  guidance_scale: number.optional(),
  negative_prompt: z.string().optional(),
  response_format: z.literal('b64_json').optional(),
};

export interface Dialect {
  readonly generate: z.ZodObject;
  /** Fields beside the images. Absent: it edits none. */
  readonly edit?: {
    readonly encoding: 'form' | 'json';
    readonly fields: z.ZodObject;
    readonly hasMask?: boolean;
  };
  /** Where images of JSON edits stand. */
  readonly imageFields?: readonly string[];
  readonly key?: { readonly header: 'authorization' | 'api-key'; readonly value: string };
  /** Form of its errors. */
  readonly errors: 'openai' | 'xai' | 'fastapi';
  readonly streams?: boolean;
  /** Fields of edits in lines of batches. Absent: it has no batches. */
  readonly lineEdit?: z.ZodObject;
}

const bearer = (value: string) => ({ header: 'authorization', value: `Bearer ${value}` }) as const;
export const emulatedKey = 'sk-emulated-key-0123456789';

/** An image of JSON: an address or a data URI, or a file that was uploaded. */
const imageReference = z.union([
  z.strictObject({ image_url: z.string().regex(/^(https:|data:image\/(png|jpeg|webp);base64,)/) }),
  z.strictObject({ file_id: z.string() }),
]);

const openai: Dialect = {
  generate: z.strictObject({ ...gpt, moderation: z.enum(['low', 'auto']).optional() }),
  edit: {
    encoding: 'form',
    fields: z.strictObject({ ...gpt, input_fidelity: z.enum(['high', 'low']).optional() }),
    hasMask: true,
  },
  key: bearer(emulatedKey),
  errors: 'openai',
  streams: true,
  lineEdit: z.strictObject({
    ...gpt,
    input_fidelity: z.enum(['high', 'low']).optional(),
    moderation: z.enum(['low', 'auto']).optional(),
    images: z.array(imageReference).min(1).max(16),
    mask: imageReference.optional(),
  }),
};

const { lineEdit: _, ...azure } = openai;

/** docs.together.ai/docs/inference/images/reference-images. */
const isKontext = (name: string) => /kontext/i.test(name);

export const dialects = {
  openai,
  azure: { ...azure, key: { header: 'api-key', value: emulatedKey } },
  xai: {
    generate: z.strictObject(xai),
    edit: {
      encoding: 'json',
      fields: z.strictObject({
        ...xai,
        image: xaiImage.optional(),
        images: z.array(xaiImage).min(2).max(5).optional(),
      }),
    },
    imageFields: ['image', 'images'],
    key: bearer(emulatedKey),
    errors: 'xai',
  },
  together: {
    generate: z
      .strictObject({
        model,
        prompt,
        n: count.optional(),
        width: number.optional(),
        height: number.optional(),
        steps: number.optional(),
        seed: number.optional(),
        guidance_scale: number.optional(),
        negative_prompt: z.string().optional(),
        output_format: z.enum(['jpeg', 'png']).optional(),
        response_format: z.enum(['base64', 'url']).optional(),
        image_url: z.string().optional(),
        reference_images: z.array(z.string()).optional(),
        disable_safety_checker: z.boolean().optional(),
      })
      .refine(({ model, reference_images: list }) => !list || !isKontext(model), {
        path: ['reference_images'],
        error: 'reference_images is not supported for this model',
      })
      .refine(({ model, image_url: one }) => !one || isKontext(model) || /FLUX\.2-(pro|flex)/i.test(model), {
        path: ['image_url'],
        error: 'image_url is not supported for this model',
      }),
    imageFields: ['image_url', 'reference_images'],
    key: bearer(emulatedKey),
    errors: 'openai',
  },
  'vllm-omni': {
    generate: z.strictObject({ ...open, true_cfg_scale: number.optional() }),
    edit: {
      encoding: 'form',
      fields: z.strictObject({
        ...open,
        true_cfg_scale: number.optional(),
        output_format: z.enum(['png', 'jpg', 'jpeg', 'webp']).optional(),
      }),
    },
    errors: 'fastapi',
  },
  sglang: {
    generate: z.strictObject({ ...open, output_format: z.string().optional() }),
    edit: { encoding: 'form', fields: z.strictObject({ ...open, output_format: z.string().optional() }) },
    errors: 'fastapi',
  },
  ollama: {
    generate: z.strictObject({
      model,
      prompt,
      size: size.optional(),
      response_format: z.literal('b64_json').optional(),
    }),
    errors: 'openai',
  },
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof dialects;
