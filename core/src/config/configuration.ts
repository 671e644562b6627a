import { imageRequestSchema, pipelineTypeSchema } from '@easel/plugin-sdk';
import { z } from 'zod';

const pluginConfigurationSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether it is used. Absent: yes.'),
  options: z
    .record(z.string(), z.json())
    .default({})
    .describe('Its own options; the plugin validates them. Absent: none.'),
});

/** `easel.config.json`; everything in it is optional. Paths are relative to the file. */
export const configurationSchema = z.strictObject({
  $schema: z.string().optional().describe('For editors. Absent: no completion.'),
  currentModel: imageRequestSchema.shape.model.describe(
    'Model of requests that name none. Absent: the first of the catalogue.',
  ),
  pluginFolders: z
    .array(z.string().min(1))
    .default(['plugins'])
    .describe('Folders of plugin folders, besides the bundled ones. Absent: ["plugins"].'),
  catalogueFolders: z
    .array(z.string().min(1))
    .default(['models/catalogue'])
    .describe('Folders of catalogue files, besides the bundled one. Absent: ["models/catalogue"].'),
  plugins: z
    .record(z.string(), pluginConfigurationSchema)
    .default({})
    .describe('Switches and options by plugin id. Absent: every plugin is enabled and has no options.'),
  fallbacks: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe(
      'Models that may take over, in their order, by the id of the model that was asked for; used by requests with `fallback: "any"`. Absent: none.',
    ),
  retries: z
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe(
      'How often the candidates of a call are gone through again after passing faults of a provider, 0 to 10. Absent: 2.',
    ),
  fallbackPipelineType: pipelineTypeSchema
    .optional()
    .describe(
      'Pipeline type that takes over models whose own nobody handles. Absent: such a request is refused.',
    ),
});
export type ConfigurationInput = z.input<typeof configurationSchema>;
export type Configuration = z.output<typeof configurationSchema>;
