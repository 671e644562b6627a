/**
 * What pages and operators are answered, as the OpenAPI document says it.
 *
 * @module
 */
import { memoryPlanSchema, warningSchema } from '@easel/plugin-sdk';
import { z } from 'zod';

export const galleryImage = z.looseObject({
  name: z.string(),
  created_at: z.iso.datetime(),
  job: z.string().nullable(),
  prompt: z.string(),
  model: z.string(),
  plugin: z.string(),
  media_type: z.string(),
  width: z.int(),
  height: z.int(),
  seed: z.int().nullable(),
  starred: z.boolean(),
});
export const gallery = z.looseObject({
  total: z.int(),
  days: z.array(z.looseObject({ day: z.string().describe('In UTC.'), count: z.int() })),
  images: z.array(galleryImage),
});
export const galleryChange = z.looseObject({ changed: z.int() });

export const readParameters = z.looseObject({
  made_by_easel: z.boolean(),
  request: z
    .looseObject({ prompt: z.string() })
    .nullable()
    .describe('A request for this server. null: the file tells none.'),
  warnings: z.array(warningSchema).describe('What the file tells and the request does not have.'),
});

export const costs = z.looseObject({
  costs: z.array(
    z.looseObject({
      day: z.string().describe('In UTC.'),
      plugin: z.string(),
      currency: z.string(),
      amount: z.number(),
      calls: z.int(),
    }),
  ),
});

export const spending = z.looseObject({
  by: z.string(),
  since: z.string().describe('The first day, in UTC.'),
  totals: z.array(
    z.looseObject({
      name: z.string().describe('Of the provider, the model or the day; the id of the key.'),
      key_name: z.string().nullish(),
      currency: z.string(),
      amount: z.number(),
      reserved: z
        .number()
        .describe('Part of the amount: estimates of calls under way, and of those that may have been paid.'),
      calls: z.int(),
      unpriced: z.int().describe('Calls that nobody knows the price of; they are not in the amount.'),
    }),
  ),
  budgets: z
    .array(
      z.looseObject({ of: z.enum(['key', 'all']), dollars_per_day: z.number(), spent_today: z.number() }),
    )
    .describe("The caller's own and that of all, where there are any."),
});

export const keptSecret = z.looseObject({
  success: z.literal(true),
  plugins: z.array(z.string()).describe('Ids of those that ask for it.'),
});

export const session = z.looseObject({
  required: z.boolean().describe('Whether the server asks for a key.'),
  key: z
    .looseObject({ name: z.string(), scopes: z.array(z.string()) })
    .nullable()
    .describe('Whose session it is.'),
  token: z.string().optional().describe('What requests that change something show as `x-easel-token`.'),
});

export const configuration = z.looseObject({ success: z.literal(true), configuration: z.looseObject({}) });
export const probe = z.looseObject({ status: z.string() });

export const planned = z.looseObject({
  success: z.literal(true),
  plugin: z.string(),
  model: z.string(),
  memory: memoryPlanSchema.optional().describe('Absent: the plugin does not say.'),
});
