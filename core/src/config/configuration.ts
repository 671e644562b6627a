import {
  imageRequestSchema,
  jsonSchema,
  type ManifestInput,
  type Model,
  manifestSchema,
  pipelineTypeSchema,
} from '@easel/plugin-sdk';
import { z } from 'zod';
import type { PluginFolder } from '../kernel/manifest/read.js';
import { approvalSchema } from './approval.js';
import { serverConfigurationSchema } from './server-configuration.js';

/**
 * Some fields of a part of a manifest, in place of the manifest's own; what is left out stays as it is there.
 */
function inPlaceOf<Part extends 'runtime' | 'breaker'>(part: Part) {
  return z.custom<Partial<NonNullable<ManifestInput[Part]>>>().superRefine((value, context) => {
    const { error } = manifestSchema.shape[part].safeParse(value);
    for (const { path, message } of error?.issues ?? []) context.addIssue({ code: 'custom', path, message });
  });
}

const pluginConfigurationSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether it is used. Absent: yes.'),
  options: z
    .record(z.string(), jsonSchema)
    .default({})
    .describe('Its own options; the plugin validates them. Absent: none.'),
  runtime: inPlaceOf('runtime')
    .optional()
    .describe(
      "Limits in place of those of its manifest's `runtime`, field by field. Absent: the manifest's.",
    ),
  breaker: inPlaceOf('breaker')
    .optional()
    .describe(
      "Settings in place of those of its manifest's `breaker`, field by field. Absent: the manifest's.",
    ),
  approved: approvalSchema
    .optional()
    .describe(
      'What was approved when `easel plugins add` installed its package; it is refused where it asks for more. Absent: whatever it asks for.',
    ),
  rolloutPercent: z
    .int()
    .min(1)
    .max(100)
    .default(100)
    .describe(
      'Share of the calls that another version is given in its first minute; the version before has the rest. Absent: 100.',
    ),
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
    .describe('Folders of plugin folders. Absent: ["plugins"].'),
  catalogueFolders: z
    .array(z.string().min(1))
    .default(['models/catalogue'])
    .describe(
      'Folders of catalogue files, or packages that bring some, besides the bundled one. Absent: ["models/catalogue"].',
    ),
  storageFolder: z
    .string()
    .min(1)
    .optional()
    .describe('Folder for what plugins and the server keep. Absent: ~/.easel.'),
  secretsFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'JSON file with secrets by the names of their environment variables, which go first where they are set; nobody but its owner may read it. Absent: secrets.json in the storage folder, if it is there.',
    ),
  plugins: z
    .record(z.string(), pluginConfigurationSchema)
    .default({})
    .describe(
      'Switches and options by plugin id; and by the name of its package or the path of its folder, beginning with "./", a plugin that is to be used besides those that are found. Absent: every plugin is enabled and has no options.',
    ),
  fallbacks: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe(
      'Models that may take over, in their order, by the id of the model that was asked for; used by requests with `fallback: "any"`. Absent: none.',
    ),
  modelAliases: z
    .record(z.string().min(1).max(200), z.string().min(1).max(200))
    .default({})
    .describe(
      'Other names of models, each with the id of its model, for clients that ask for a name of their own, such as { "dall-e-3": "sdxl-base" }. Absent: none.',
    ),
  dynamicPrompts: z
    .boolean()
    .default(true)
    .describe(
      'Whether `{one|other}` and `__wildcard__` in prompts are replaced by one of what they stand for, where a request does not say. Absent: yes.',
    ),
  wildcardFolder: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Folder of text files with a choice a line; `__name__` in a prompt stands for a line of `name.txt`. Absent: there are no wildcards.',
    ),
  contentCredentials: z
    .strictObject({
      certificate: z
        .string()
        .min(1)
        .describe('PEM file of the certificate, with those that lead to its authority behind it.'),
      key: z.string().min(1).describe('PEM file of its private key, without a passphrase.'),
    })
    .optional()
    .describe(
      'What PNG and JPEG files are signed with, by a C2PA manifest that tells that a model made them; the packages @trustnxt/c2pa-ts and @peculiar/x509 have to be installed. Absent: they are not signed.',
    ),
  retries: z
    .int()
    .min(0)
    .max(10)
    .default(2)
    .describe(
      'How often the candidates of a call are gone through again after passing faults of a provider, 0 to 10. Absent: 2.',
    ),
  scale: z
    .record(z.string(), jsonSchema)
    .optional()
    .describe(
      'What several servers share, so that they work as one: settings of the package that its field `package` names, which is @easel/scale where it names none. Absent: this server works alone.',
    ),
  server: serverConfigurationSchema.prefault({}).describe('Of `easel serve`. Absent: all defaults.'),
  fallbackPipelineType: pipelineTypeSchema
    .optional()
    .describe(
      'Pipeline type that takes over models whose own nobody handles. Absent: such a request is refused.',
    ),
});
export type ConfigurationInput = z.input<typeof configurationSchema>;
/** What was read, with everything filled in and folders absolute. */
export type Configuration = z.output<typeof configurationSchema> & {
  readonly storageFolder: string;
  /** Folders of plugins that are packages, or were named by their paths; symbolic links are resolved. */
  readonly pluginPackages: readonly string[];
  /** Absolute path of the package that `scale` names. Absent: it is not installed, or none is asked for. */
  readonly scalePackage?: string | undefined;
  /** Plugins that the host has given by value. */
  readonly givenPlugins: readonly PluginFolder[];
  /** Models that the host has given by value; paths in them are absolute. */
  readonly givenModels: readonly Model[];
};
