/**
 * What can be set: of the plugin in `easel.config.json`, and of a model or a request under its provider
 * options.
 *
 * @module
 */
import { jsonSchema } from '@easel/plugin-sdk';
import { batchSettings, callName, pausesGrow, pausesShrink } from '@easel/plugin-sdk/batch';
import { milliseconds } from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { serverNames } from './servers/index.js';

/** Keys that the manifest names, for servers that are not a preset. */
export const secretNames = [
  'OPENAI_API_KEY',
  'AZURE_OPENAI_API_KEY',
  'XAI_API_KEY',
  'TOGETHER_API_KEY',
  'HF_TOKEN',
  'DEEPINFRA_API_KEY',
  'RECRAFT_API_KEY',
  'PARASAIL_API_KEY',
  'OPENAI_COMPATIBLE_API_KEY',
] as const;

const serverSchema = z.strictObject({
  like: z
    .enum(serverNames)
    .describe('The known server whose fields it has; `openai` where you know nothing of it.'),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where its API is, with the version. Absent: where the known server is.'),
  secret: z
    .enum(secretNames)
    .optional()
    .describe('Environment variable that has its key. Absent: that of the known server, if it has one.'),
  query: z
    .record(z.string(), z.string())
    .default({})
    .describe('Put behind each address, such as `api-version`. Absent: nothing.'),
});
export type ServerSettings = z.output<typeof serverSchema>;

/** Requests of a batch: platform.openai.com/docs/guides/batch. */
const mostLines = 50_000;

export const configSchema = z
  .strictObject({
    ...batchSettings(mostLines),
    servers: z
      .record(
        z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and hyphens'),
        serverSchema,
      )
      .default({})
      .describe(
        'Servers by the name that models give under `options.server`: more of them, or a known one elsewhere. Absent: the known ones, where they are.',
      ),
    requestMs: milliseconds(600_000, 900_000).describe(
      'Milliseconds within which a server must have answered a request. Absent: 600,000.',
    ),
    pictureMs: milliseconds(60_000, 600_000).describe(
      'Milliseconds one try may take to fetch an image that an answer names by its address. Absent: 60,000.',
    ),
    parallelRequests: z
      .int()
      .min(1)
      .max(32)
      .default(4)
      .describe('Requests of one call beside each other, where each makes one image. Absent: 4.'),
    allowPrivateAddresses: z
      .boolean()
      .default(false)
      .describe(
        'Whether images may be fetched over http and from addresses of this machine and of private networks, beside those of the server itself. Absent: no.',
      ),
  })
  .refine(pausesGrow, pausesShrink);
export type Config = z.output<typeof configSchema>;

const dollars = z.number().nonnegative();

const tokens = z.int().positive();

const pricesSchema = z.strictObject({
  image: dollars.optional().describe('US dollars an image. Absent: it is priced by tokens.'),
  textInput: dollars.default(0).describe('US dollars a million tokens of the prompt. Absent: 0.'),
  imageInput: dollars.default(0).describe('US dollars a million tokens of input images. Absent: 0.'),
  textOutput: dollars.default(0).describe('US dollars a million tokens of words that come out. Absent: 0.'),
  imageOutput: dollars.default(0).describe('US dollars a million tokens of images that come out. Absent: 0.'),
  batchShare: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('Share of these prices that batches cost, 0.5 for half. Absent: what they cost is not told.'),
  tokens: z
    .strictObject({
      inputImage: tokens.describe('Of an input image, at most.'),
      low: tokens.optional(),
      medium: tokens.optional(),
      high: tokens.optional(),
      xhigh: tokens.optional(),
      max: tokens.optional(),
    })
    .optional()
    .describe(
      'For estimates: tokens of an image of 1024 by 1024 pixels, by quality; larger ones have as many more. Absent: what is priced by tokens cannot be told before.',
    ),
  asOf: z.iso.date().describe('When these prices were looked up.'),
});
export type Prices = z.output<typeof pricesSchema>;

export const optionsSchema = z.strictObject({
  server: z
    .string()
    .min(1)
    .max(64)
    .default('openai')
    .describe('The server that has the model. Absent: openai.'),
  delivery: z
    .enum(['direct', 'batch'])
    .default('direct')
    .describe(
      'By requests that are answered at once, or by batches, mostly within a day, for half the price at OpenAI. Absent: direct.',
    ),
  callName: callName.describe(
    'A name of your own for a call by batch: sent again with the same name, it finds its images. Absent: only the same call does, carried out again under the same id.',
  ),
  sizes: z
    .array(z.string().regex(/^\d{2,5}x\d{2,5}$/, 'must be like 1024x1536'))
    .min(1)
    .optional()
    .describe('The only sizes that the model makes; the nearest in shape is asked for. Absent: every size.'),
  quality: z
    .enum(['low', 'medium', 'high', 'xhigh', 'max', 'auto', 'standard', 'hd'])
    .optional()
    .describe("How much work goes into it. Absent: the model's choice."),
  background: z.enum(['transparent', 'opaque', 'auto']).optional().describe("Absent: the model's choice."),
  moderation: z.enum(['low', 'auto']).optional().describe('How strictly content is filtered. Absent: auto.'),
  outputCompression: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe('Quality of JPEG and WebP, 0 to 100. Absent: the server decides.'),
  inputFidelity: z
    .enum(['high', 'low'])
    .optional()
    .describe('How closely an edit keeps to its images. Absent: the model decides.'),
  style: z.string().min(1).max(100).optional().describe('A style that the server knows. Absent: none.'),
  safetyIdentifier: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('Tells your users apart for the provider, such as a hash of an id. Absent: none.'),
  body: z
    .record(z.string(), jsonSchema)
    .default({})
    .describe("More fields of the request's body, as the server knows them. Absent: none."),
  prices: pricesSchema.optional().describe('What the model costs. Absent: unknown, unless the server tells.'),
});
export type Options = z.output<typeof optionsSchema>;
