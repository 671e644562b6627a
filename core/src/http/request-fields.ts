import { type ImageRequest, imageRequestSchema } from '@easel/plugin-sdk';
import { z } from 'zod';
import { prioritySchema } from '../kernel/priority.js';

const field = imageRequestSchema.shape;

/**
 * The fields of a request that no other API has a name for, in the case of JSON APIs. `null` counts as
 * absent, as clients send it.
 */
export const extraFields = {
  negative_prompt: field.negativePrompt.nullish(),
  seed: field.seed.nullish(),
  steps: field.steps.nullish(),
  guidance_scale: field.guidanceScale.nullish(),
  sampler: field.sampler.nullish(),
  strength: field.strength.nullish(),
  expand_prompt: field.expandPrompt.nullish(),
  keep_unmasked: field.keepUnmasked
    .unwrap()
    .nullish()
    .describe(
      "Whether what the mask keeps is pasted back from the input image, pixel by pixel. Absent: yes; false is the model's own version of it.",
    ),
  mask_blur: field.maskBlur.unwrap().nullish(),
  mask_fill: field.maskFill.unwrap().nullish(),
  mask_padding: field.maskPadding.nullish(),
  fallback: field.fallback.unwrap().nullish(),
  prefer: field.prefer.nullish(),
  max_cost: field.maxCost.nullish(),
  timeout_ms: field.timeoutMs.nullish(),
  provider_options: field.providerOptions.unwrap().nullish(),
  priority: prioritySchema
    .nullish()
    .describe(
      'A higher one goes first where calls wait, -100 to 100; above 0 asks for a key with the scope "priority". Absent: 0.',
    ),
  on_disconnect: z
    .enum(['cancel', 'store'])
    .nullish()
    .describe('What becomes of the work of a caller that goes away. Absent: as the server is configured.'),
  cache: z
    .boolean()
    .nullish()
    .describe(
      'Whether an earlier result of exactly this request may be the answer. Absent: where the seed is fixed. Calls with an Idempotency-Key, or that are kept as jobs, are always made.',
    ),
};
export type ExtraFields = z.output<z.ZodObject<typeof extraFields>>;

/** Those of them that are there, as the kernel names them. */
export function fromExtraFields(fields: ExtraFields): Omit<ImageRequest, 'prompt'> {
  return withoutAbsent({
    negativePrompt: fields.negative_prompt,
    seed: fields.seed,
    steps: fields.steps,
    guidanceScale: fields.guidance_scale,
    sampler: fields.sampler,
    strength: fields.strength,
    expandPrompt: fields.expand_prompt,
    keepUnmasked: fields.keep_unmasked,
    maskBlur: fields.mask_blur,
    maskFill: fields.mask_fill,
    maskPadding: fields.mask_padding,
    fallback: fields.fallback,
    prefer: fields.prefer,
    maxCost: fields.max_cost,
    timeoutMs: fields.timeout_ms,
    providerOptions: fields.provider_options,
  });
}

/** How a caller wants its call to be made; what is absent is as the server has it. */
export interface DeliveryOptions {
  readonly onDisconnect: ExtraFields['on_disconnect'];
  readonly cache: ExtraFields['cache'];
  readonly priority: ExtraFields['priority'];
}

/** Those of APIs that have no fields for them. */
export const defaultDelivery: DeliveryOptions = {
  onDisconnect: undefined,
  cache: false,
  priority: undefined,
};

export const deliveryOptionsOf = ({ on_disconnect, cache, priority }: ExtraFields): DeliveryOptions => ({
  onDisconnect: on_disconnect,
  cache,
  priority,
});

type Present<Fields> = { [Name in keyof Fields]?: NonNullable<Fields[Name]> };

/** The fields that have a value. */
export const withoutAbsent = <Fields extends object>(fields: Fields): Present<Fields> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  ) as Present<Fields>;
