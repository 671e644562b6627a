/**
 * What can be set: of the plugin in `easel.config.json`, and of a model or a request under its provider
 * options.
 *
 * @module
 */
import { jsonSchema } from '@easel/plugin-sdk';
import { batchSettings, callName, pausesGrow, pausesShrink } from '@easel/plugin-sdk/batch';
import { z } from 'zod';

const milliseconds = (defaultMs: number) => z.int().min(1).max(3_600_000).default(defaultMs);

/** docs.parasail.io, batch file format: most lines of a file. */
const mostLines = 50_000;

export const configSchema = z
  .strictObject({
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .default('https://api.parasail.io/v1')
      .describe('Where the API is, with its version. Absent: at Parasail.'),
    requestMs: milliseconds(60_000).describe(
      'Milliseconds a small request may take, and a large one may stand still. Absent: 60,000.',
    ),
    transferMs: milliseconds(300_000).describe(
      'Milliseconds an upload or a direct picture may take. Absent: 300,000.',
    ),
    pictureMs: milliseconds(60_000).describe(
      'Milliseconds one try may take to fetch an image that an answer names by its address. Absent: 60,000.',
    ),
    allowPrivateAddresses: z
      .boolean()
      .default(false)
      .describe(
        'Whether images may be fetched over http and from addresses of this machine and of private networks: for tests and gateways of your own. Absent: no.',
      ),
    ...batchSettings(mostLines),
  })
  .refine(pausesGrow, pausesShrink);
export type Config = z.output<typeof configSchema>;

const endpoint = z.string().regex(/^\/v1\/[a-z0-9/_-]+$/, 'must be a path that begins with /v1/');

const batchEndpointsSchema = z.strictObject({
  generate: endpoint.optional().describe('For pictures of a prompt alone. Absent: it makes none.'),
  edit: endpoint.optional().describe('For pictures that are made of others. Absent: it makes none.'),
});

export const optionsSchema = z.strictObject({
  batchEndpoints: batchEndpointsSchema.default({}).describe('Where batches go. Absent: it takes none.'),
  directEndpoints: z
    .strictObject({
      generate: endpoint.optional().describe('JSON, for pictures of a prompt alone. Absent: it makes none.'),
      edit: z
        .literal('/v1/images/edits')
        .optional()
        .describe('A form, for pictures that are made of others. Absent: it makes none.'),
    })
    .default({})
    .describe('Where a picture is answered at once. Absent: nowhere, all goes by batches.'),
  delivery: z
    .enum(['batch', 'direct'])
    .optional()
    .describe(
      'Which way a call takes. Absent: direct where there is an endpoint for it, otherwise by batch.',
    ),
  completionWindow: z
    .string()
    .regex(/^\d{1,3}[hd]$/)
    .default('24h')
    .describe('Time within which a batch is to be done. Absent: 24h, the only one that is documented.'),
  imagePlaceholder: z
    .string()
    .includes('{n}')
    .max(100)
    .optional()
    .describe(
      'What stands in a prompt for input picture {n}; put before a prompt that has none. Absent: nothing.',
    ),
  body: z
    .record(z.string(), jsonSchema)
    .default({})
    .describe("More fields of the request's body, as the model knows them. Absent: none."),
  callName: callName.describe(
    'A name of your own for the call: sent again with the same name, it finds its batch whatever its seed. Absent: only the same call does, carried out again under the same id, or one with the same seed.',
  ),
});
export type Options = z.output<typeof optionsSchema>;
