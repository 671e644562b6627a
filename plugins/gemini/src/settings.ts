/**
 * What can be set: of the plugin in `easel.config.json`, and of a model or a request under its provider
 * options. What a model can do, and what it costs, is data of its catalogue file: the provider changes both
 * more often than this code.
 *
 * @module
 */
import { batchSettings, callName, pausesGrow, pausesShrink } from '@easel/plugin-sdk/batch';
import { taskSettings } from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { interactionId } from './interactions/wire.js';
import { turnId } from './turns.js';

/** Sizes by the names that the API has for them, ai.google.dev/gemini-api/docs/image-generation. */
export const imageSizes = ['512', '1K', '2K', '4K'] as const;
export type ImageSize = (typeof imageSizes)[number];

/** Within which Google means to answer in the flex tier: ai.google.dev/gemini-api/docs/flex-inference. */
const longestMs = 900_000;

/** Requests of a batch; Google names no limit but the size of a file. */
const mostLines = 10_000;

const dayMs = 86_400_000;

/** Where Google has its APIs. */
export const hosts = {
  gemini: 'https://generativelanguage.googleapis.com',
  vertex: 'https://aiplatform.googleapis.com',
} as const;

const delivery = z.enum(['background', 'direct', 'batch']);
export type Delivery = z.output<typeof delivery>;
const { firstPollMs, longestPollMs, silenceMs, imageMs } = taskSettings;

/** `ThinkingLevel` of ai.google.dev/api/generate-content. */
const thinkingLevel = z.enum(['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']);

export const configSchema = z
  .strictObject({
    api: z
      .enum(['gemini', 'vertex'])
      .default('gemini')
      .describe(
        'Which of Google\'s APIs: Gemini, or Vertex AI with an API key ("express mode"), which makes pictures directly alone. Absent: gemini.',
      ),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where the API is. Absent: at Google.'),
    requestMs: z
      .int()
      .min(1)
      .max(longestMs)
      .default(240_000)
      .describe('Milliseconds one request may take, up to 900,000. Absent: 240,000.'),
    flexMs: z
      .int()
      .min(1)
      .max(longestMs)
      .default(longestMs)
      .describe('Milliseconds one request of the flex tier may take, up to 900,000. Absent: 900,000.'),
    parallelRequests: z
      .int()
      .min(1)
      .max(32)
      .default(4)
      .describe('Requests of one call at once; every picture is a request. Absent: 4.'),
    delivery: delivery
      .optional()
      .describe(
        'Which way calls take that do not say: in the background, asked about by an id; each picture by a request that is answered at once; or by batches, for half the price, mostly within a day. Absent: in the background where the catalogue file of the model has `interactions`, or else direct.',
      ),
    background: z
      .strictObject({ firstPollMs, longestPollMs, silenceMs, imageMs })
      .prefault({})
      .describe('How pictures that are made in the background are asked about.'),
    keepTurnsMs: z
      .int()
      .min(1_000)
      .max(365 * dayMs)
      .default(7 * dayMs)
      .describe('Milliseconds that turns are kept to go on from. Absent: a week.'),
    ...batchSettings(mostLines),
  })
  .refine(pausesGrow, pausesShrink)
  .refine(({ api, delivery = 'direct' }) => api === 'gemini' || delivery === 'direct', {
    path: ['delivery'],
    message: 'must be direct with Vertex AI',
  });
export type Config = z.output<typeof configSchema>;

const price = z.number().nonnegative().max(100_000);

/** Prices of one model, ai.google.dev/gemini-api/docs/pricing. */
export const pricesSchema = z.strictObject({
  asOf: z.iso.date().describe('Day on which they were read.'),
  currency: z.string().length(3).default('USD').describe('ISO 4217 code. Absent: USD.'),
  input: price.describe('For a million tokens of prompt and input pictures.'),
  text: price.describe('For a million tokens of words and thoughts.'),
  image: price.optional().describe('For a million tokens of pictures. Absent: it makes none.'),
  imageTokens: z
    .partialRecord(z.enum(imageSizes), z.int().positive())
    .optional()
    .describe(
      'For estimates: tokens of a picture, by its size. Absent: what a call costs cannot be told before.',
    ),
  flexShare: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('Share of these prices that the flex tier costs. Absent: its results tell no cost.'),
  batchShare: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe(
      'Share of these prices that batches cost, 0.5 for half. Absent: results of batches tell no cost.',
    ),
});
export type Prices = z.output<typeof pricesSchema>;

export const optionsSchema = z.strictObject({
  aspectRatios: z
    .array(z.string().regex(/^[1-9]\d?:[1-9]\d?$/, 'must be like 16:9'))
    .min(1)
    .default(['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'])
    .describe('Shapes that the model makes. Absent: those that every image model has.'),
  imageSizes: z
    .array(z.enum(imageSizes))
    .min(1)
    .default(['1K'])
    .describe('Sizes that the model makes. Absent: 1K alone.'),
  prices: pricesSchema.optional().describe('Absent: results tell no cost.'),
  interactions: z
    .boolean()
    .default(false)
    .describe('Whether the model is called in the background where nobody says how. Absent: no.'),
  delivery: delivery
    .optional()
    .describe(
      'Which way a call takes: in the background, answered at once, or by a batch, for half the price, mostly within a day. Absent: as the configuration of the plugin says.',
    ),
  serviceTier: z
    .enum(['standard', 'flex'])
    .optional()
    .describe(
      'flex: for half the price Google answers when it has room, within minutes, or refuses; a batch has no tier. Absent: standard.',
    ),
  keepTurn: z
    .boolean()
    .optional()
    .describe(
      'Whether the call is kept for another one to go on from, which names one of `turns` of its result. Absent: if it goes on from one itself.',
    ),
  previousTurn: z
    .union([turnId, interactionId], 'is no id of a turn')
    .optional()
    .describe(
      'Goes on from an earlier image: an id of `turns` in what that image tells of itself. Absent: a new conversation.',
    ),
  callName: callName.describe(
    'A name of your own for a call by batch: sent again with the same name, it finds its batch, and no other call does. Absent: only the same call does, carried out again under the same id.',
  ),
  enhancePrompt: z
    .boolean()
    .default(false)
    .describe('Whether a text model words the prompt anew, in more detail, first. Absent: no.'),
  enhanceInstruction: z
    .string()
    .min(1)
    .max(8_000)
    .optional()
    .describe(
      'What the text model is told to do with the prompt. Absent: to add detail and keep its meaning.',
    ),
  textModel: z
    .strictObject({
      id: z.string().min(1).max(200).describe("The provider's own id of the model."),
      prices: pricesSchema.optional().describe('Absent: results that used it tell no cost.'),
    })
    .optional()
    .describe('The text model that enhances prompts. Absent: prompts cannot be enhanced.'),
  systemInstruction: z
    .string()
    .min(1)
    .max(32_000)
    .optional()
    .describe('Stands before the prompt, for example a style for all pictures. Absent: none.'),
  temperature: z
    .number()
    .min(0)
    .max(2)
    .optional()
    .describe("0 to 2; Google advises against it since July 2026. Absent: the provider's own."),
  topP: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("0 to 1; Google advises against it since July 2026. Absent: the provider's own."),
  thinkingLevels: z
    .array(thinkingLevel)
    .optional()
    .describe(
      'Levels of thinking that the model takes; none: it takes no level. Absent: not known, and each is sent.',
    ),
  thinkingLevel: thinkingLevel
    .optional()
    .describe("How much the model thinks before it draws. Absent: the provider's own."),
  safetySettings: z
    .array(
      z.strictObject({
        category: z.enum([
          'HARM_CATEGORY_HARASSMENT',
          'HARM_CATEGORY_HATE_SPEECH',
          'HARM_CATEGORY_SEXUALLY_EXPLICIT',
          'HARM_CATEGORY_DANGEROUS_CONTENT',
          'HARM_CATEGORY_CIVIC_INTEGRITY',
        ]),
        threshold: z.enum([
          'BLOCK_LOW_AND_ABOVE',
          'BLOCK_MEDIUM_AND_ABOVE',
          'BLOCK_ONLY_HIGH',
          'BLOCK_NONE',
          'OFF',
        ]),
      }),
    )
    .max(10)
    .optional()
    .describe("What is refused, by category. Absent: the provider's own thresholds."),
});
export type Options = z.output<typeof optionsSchema>;
