/**
 * One entry of the model catalogue: a JSON file in a catalogue folder.
 *
 * @module
 */
import { z } from 'zod';
import { jsonSchema } from './json.js';
import { parameterDefaults, supportedParameters } from './parameters.js';
import { edgeLimits } from './request.js';

const edge = z.int().min(edgeLimits.minimum).max(edgeLimits.maximum);

export const pipelineTypeSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and hyphens');

const hubFile = z.string().regex(/^(?!.*\.\.)[^/].*$/, 'is not a path inside of the repository');

const hubPlace = {
  repository: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, 'must be organisation/name')
    .describe('On the hub.'),
  revision: z
    .string()
    .regex(/^(?!.*\.\.)[\w][\w./-]*$/, 'is not a name of a branch, a tag or a commit')
    .optional()
    .describe('Branch, tag or commit. Absent: main.'),
};

const hubParts = z
  .array(
    z.strictObject({
      ...hubPlace,
      file: hubFile.describe('A file of the repository.'),
      as: z
        .string()
        .regex(/^[\w][\w.-]*$/, 'is not the name of a file')
        .optional()
        .describe("Its name beside the model's file. Absent: that of the file."),
    }),
  )
  .max(8)
  .optional()
  .describe(
    'Files of other repositories that the model needs beside its own, such as text encoders. Absent: none.',
  );

export const modelSourceSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('folder').describe('The model lies on disk.'),
    path: z.string().min(1).describe('Folder of the model, relative to the catalogue file.'),
  }),
  z.strictObject({
    type: z.literal('file').describe('The model lies on disk, in one file.'),
    path: z.string().min(1).describe('File of the model, relative to the catalogue file.'),
  }),
  z.strictObject({
    type: z
      .literal('hub')
      .describe('The model lies on a hub that speaks the API of Hugging Face, and is installed from there.'),
    ...hubPlace,
    file: hubFile
      .optional()
      .describe(
        "A single .safetensors or .gguf file of the repository. Absent: the repository is in diffusers' layout.",
      ),
    parts: hubParts,
    variants: z
      .record(
        z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be lower-case letters, digits and hyphens'),
        z.strictObject({
          ...hubPlace,
          file: hubFile.describe('A single file of the repository.'),
          parts: hubParts,
          memoryGb: z.int().positive().describe('Gigabytes of memory of the machines that it suits.'),
        }),
      )
      .optional()
      .describe('Smaller versions of the model that can be installed in its place, by name. Absent: none.'),
    gated: z
      .boolean()
      .optional()
      .describe('The hub asks for an account that has accepted the terms. Absent: no.'),
  }),
  z.strictObject({
    type: z.literal('provider').describe('The model lies with its provider.'),
    id: z.string().min(1).describe("The provider's own id of the model."),
  }),
]);
export type ModelSource = z.infer<typeof modelSourceSchema>;
export type HubSource = Extract<ModelSource, { type: 'hub' }>;

export const modelDefaultsSchema = z.strictObject({
  width: edge.describe('Width in pixels where the request has none.'),
  height: edge.describe('Height in pixels where the request has none.'),
  ...parameterDefaults,
});

export const modelSupportSchema = z.strictObject({
  minimumEdge: edge.describe('Smallest width or height in pixels; smaller ones are refused.'),
  maximumEdge: edge.describe('Largest width or height in pixels; larger ones are refused.'),
  edgeMultiple: z
    .int()
    .min(1)
    .max(1024)
    .describe('Width and height are rounded to the nearest multiple of this, with a warning.'),
  images: z.int().min(1).max(32).describe('Pictures one call may ask for; more are refused.'),
  ...supportedParameters,
  inputImages: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Input images it takes. Absent: 0, and requests with one are refused.'),
  control: z
    .int()
    .min(0)
    .max(8)
    .default(0)
    .describe('Images to follow by ControlNets that it takes. Absent: 0, and requests with one are refused.'),
  mask: z.boolean().default(false).describe('Takes a mask. Absent: no, and requests with one are refused.'),
});

export const modelSchema = z
  .strictObject({
    $schema: z.string().optional().describe('For editors. Absent: no completion.'),
    id: z
      .string()
      .regex(
        /^([a-z0-9][a-z0-9._/-]*|[a-z0-9-]+:[\w.@/:-]+)$/,
        'must be lower-case letters, digits and . _ / -',
      )
      .max(200)
      .describe('What callers say; unique in the catalogue.'),
    name: z.string().min(1).describe('What people read.'),
    description: z.string().optional().describe('One or two sentences on what it is good at. Absent: none.'),
    sameAs: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._/-]*$/, 'must be lower-case letters, digits and . _ / -')
      .max(200)
      .optional()
      .describe(
        'A name that the same model has at all providers; a request for it goes to any of them. Absent: nobody else has it.',
      ),
    licence: z.string().min(1).optional().describe('Name of the licence of the weights. Absent: not told.'),
    pipelineType: pipelineTypeSchema.describe('What the routing table is keyed by; a plugin handles it.'),
    source: modelSourceSchema.describe('Where the model is.'),
    defaults: modelDefaultsSchema.describe('Values for what a request leaves out.'),
    supports: modelSupportSchema.describe('What it can do.'),
    secrets: z
      .array(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'must be an environment variable in capitals'))
      .default([])
      .describe(
        'Optional secrets of its plugin without which no images can be made with this model. Absent: none beyond those that the plugin needs.',
      ),
    options: z
      .record(z.string(), jsonSchema)
      .default({})
      .describe(
        "Provider options for every call of this model, under the request's own; validated by the plugin. A text `part:name` stands for the path of that part of its source. Absent: none.",
      ),
  })
  .refine((model) => model.supports.minimumEdge <= model.supports.maximumEdge, {
    path: ['supports', 'minimumEdge'],
    message: 'is larger than maximumEdge',
  });
export type Model = z.output<typeof modelSchema>;
/** A model as people write it. */
export type ModelInput = z.input<typeof modelSchema>;
