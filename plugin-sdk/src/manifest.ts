/**
 * `plugin.json`: all that the kernel knows of a plugin before it runs any of its code.
 *
 * @module
 */
import { z } from 'zod';
import { choiceFields } from './manifest-choices.js';
import { downloadSchema } from './manifest-download.js';
import { fileFields } from './manifest-files.js';
import { permissionsSchema } from './manifest-permissions.js';
import { modelDefaultsSchema, modelSupportSchema, pipelineTypeSchema } from './model.js';

const duration = (defaultMs: number) =>
  z
    .int()
    .min(1)
    .max(24 * 3_600_000)
    .default(defaultMs);

/** What one plugin of a pipeline type may be able to do and another not. */
export const abilities = ['input-images', 'mask', 'negative-prompt', 'seed', 'sampler'] as const;
export type Ability = (typeof abilities)[number];

const handlesSchema = z.strictObject({
  type: pipelineTypeSchema.describe('A pipeline type that the plugin handles.'),
  priority: z
    .int()
    .min(-1000)
    .max(1000)
    .default(0)
    .describe('Higher is asked first where several plugins handle a type. Absent: 0.'),
  weight: z
    .number()
    .positive()
    .max(1000)
    .default(1)
    .describe('Share of the calls among plugins of one priority, up to 1000. Absent: 1.'),
  cannot: z
    .array(z.enum(abilities))
    .default([])
    .describe(
      'What models of this type may be able to do and this plugin is not; it is not asked for it. Absent: nothing.',
    ),
  anyModel: z
    .boolean()
    .default(false)
    .describe('Whether it takes models of its provider that are in no catalogue. Absent: no.'),
  ...choiceFields,
  models: z
    .strictObject({
      pipelineClasses: z
        .array(z.string().min(1))
        .default([])
        .describe("Values of `_class_name` in a diffusers folder's model_index.json. Absent: none."),
      tensors: z
        .array(z.string().min(1))
        .default([])
        .describe('How a name of a tensor in a single .safetensors file begins. Absent: none.'),
      defaults: modelDefaultsSchema.describe('Defaults in the catalogue entry of such a model.'),
      supports: modelSupportSchema.describe('What the catalogue entry of such a model says that it can do.'),
    })
    .optional()
    .describe(
      'How models of this type on disk are recognised when they are installed or imported. Absent: they are not.',
    ),
});

const runtimeFieldsSchema = z.strictObject({
  isolation: z
    .enum(['process', 'thread', 'inline'])
    .default('process')
    .describe(
      'Where it runs: a process of its own; a thread of the kernel (pure JavaScript, and the buffers of its results are moved: it answers copies of those that it keeps); or inside of the kernel (only for code that you trust). Absent: process.',
    ),
  native: z
    .boolean()
    .default(false)
    .describe(
      'Whether it, or a package that it uses, loads native code (.node files); such code cannot be ended safely in a thread. Absent: false.',
    ),
  workers: z
    .boolean()
    .default(false)
    .describe(
      'Whether its process may start worker threads, which are bound by no permissions; one without a process of its own may. Absent: false.',
    ),
  startMs: duration(30_000).describe('Milliseconds it may take to start and configure. Absent: 30,000.'),
  callMs: duration(600_000).describe(
    'Milliseconds one call may take, waiting included, where the request sets none. Absent: 600,000.',
  ),
  stallMs: duration(5_000).describe(
    'Milliseconds within which its process must acknowledge a message. Absent: 5,000.',
  ),
  drainMs: duration(10_000).describe(
    'Milliseconds it has to finish its calls when it is to stop. Absent: 10,000.',
  ),
  finishMs: z
    .int()
    .min(1)
    .max(24 * 3_600_000)
    .optional()
    .describe(
      'Milliseconds that its process goes on by itself when the kernel has ended, or waits for it no longer, until its `close()` has resolved: for work that is paid, whose result it keeps for the same call to come again. Absent: none.',
    ),
  idleMs: z
    .int()
    .min(1)
    .max(24 * 3_600_000)
    .optional()
    .describe(
      'Milliseconds without a call after which it is stopped; the next call starts it again. Absent: it stays.',
    ),
  replace: z
    .enum(['overlap', 'exclusive'])
    .default('overlap')
    .describe(
      'Whether another version starts beside the one that it replaces, or only when that has ended, for what two cannot hold at once, such as a port or the memory of a GPU; calls wait meanwhile. Absent: overlap.',
    ),
  concurrency: z.int().min(1).max(1000).default(4).describe('Calls it works on at once. Absent: 4.'),
  queue: z.int().min(0).max(100_000).default(100).describe('Calls that may wait for a place. Absent: 100.'),
  heapMb: z
    .int()
    .min(16)
    .max(1_000_000)
    .optional()
    .describe("Size of its JavaScript heap in MiB. Absent: Node's own."),
  memoryMb: z
    .int()
    .min(32)
    .max(10_000_000)
    .optional()
    .describe(
      'Resident memory in MiB, measured every second, above which its process is ended. Absent: no limit.',
    ),
  logLinesPerSecond: z
    .int()
    .min(1)
    .max(100_000)
    .default(500)
    .describe(
      'Log lines, and KiB of them, that are kept in a second; one line says how many were not. Absent: 500.',
    ),
});

const runtimeSchema = runtimeFieldsSchema
  .refine(({ isolation, native }) => !(isolation === 'thread' && native), {
    path: ['isolation'],
    message: 'must be "process" where "native" is true: native code cannot be ended safely in a thread',
  })
  .refine(({ isolation, memoryMb }) => isolation === 'process' || memoryMb === undefined, {
    path: ['memoryMb'],
    message: 'needs a process: memory of its own is what only a process has',
  })
  .refine(({ isolation, finishMs }) => isolation === 'process' || finishMs === undefined, {
    path: ['finishMs'],
    message: 'needs a process: what runs in the kernel ends with it',
  });

const breakerSchema = z.strictObject({
  errorThresholdPercent: z
    .int()
    .min(1)
    .max(100)
    .default(50)
    .describe('Share of failed calls that opens the circuit. Absent: 50.'),
  minimumCalls: z
    .int()
    .min(1)
    .max(10_000)
    .default(5)
    .describe('Calls in the window before it may open. Absent: 5.'),
  windowMs: duration(60_000).describe('Milliseconds that are counted. Absent: 60,000.'),
  resetMs: duration(30_000).describe(
    'Milliseconds it stays open before one probe call is let through. Absent: 30,000.',
  ),
});

export const manifestSchema = z.strictObject({
  $schema: z.string().optional().describe('For editors. Absent: no completion.'),
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be kebab-case')
    .max(64)
    .describe('Unique, kebab-case.'),
  name: z.string().min(1).max(100).optional().describe('What people read. Absent: the id.'),
  description: z.string().max(1000).optional().describe('A sentence on what it is. Absent: none.'),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+/, 'must be a semantic version')
    .describe('Semantic version of the plugin.'),
  sdk: z
    .string()
    .min(1)
    .describe('Range of @easel/plugin-sdk versions that it was written for, for example `^0.1.0`.'),
  protocols: z
    .array(z.int().positive())
    .min(1)
    .default([1, 2])
    .describe(
      'Wire protocols that it speaks; one that relies on being told that its results are received leaves out 1. Absent: 1 and 2.',
    ),
  entry: z.string().min(1).describe('Its ES module, relative to the folder and inside of it.'),
  handles: z.array(handlesSchema).min(1).describe('Pipeline types that it handles, at least one.'),
  ...fileFields,
  readsPromptSyntax: z
    .boolean()
    .default(false)
    .describe(
      "Whether the plugin itself reads Automatic1111's syntax in prompts, `(word:1.3)`, `[one:other:0.5]`, `[one|other]` and `AND`, and says what of it had no effect. Absent: no, and the kernel says so of each.",
    ),
  downloads: z
    .array(downloadSchema)
    .default([])
    .describe('What a package does not bring along and fetches when somebody asks for it. Absent: nothing.'),
  doctor: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Module whose default export tells how the plugin is. Absent: `doctor.js` beside the entry, if any.',
    ),
  emulator: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Module whose default export emulates its provider, for `easel emulate`. Absent: `emulator.js` beside the entry, if any.',
    ),
  pays: z
    .boolean()
    .optional()
    .describe(
      'Whether its calls cost money at a provider: one that it was handed and that ends without its word, for example by a crash, counts as paid, and nobody else is asked. Absent: where it asks for secrets.',
    ),
  activation: z
    .enum(['lazy', 'startup'])
    .default('lazy')
    .describe('Started by its first call, or with the kernel. Absent: lazy.'),
  runtime: runtimeSchema
    .prefault({})
    .describe('Where and within which limits it runs. Absent: all defaults.'),
  breaker: breakerSchema.prefault({}).describe('When its circuit opens. Absent: all defaults.'),
  permissions: permissionsSchema.prefault({}).describe('What it is given. Absent: nothing.'),
});
export type Manifest = z.output<typeof manifestSchema>;
/** A manifest as authors write it. */
export type ManifestInput = z.input<typeof manifestSchema>;
