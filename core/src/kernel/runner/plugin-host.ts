/**
 * Loads a plugin and serves its calls, wherever it runs: in a process of its own (child-entry.ts) or in the
 * kernel's (inline-runner.ts).
 *
 * @module
 */
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  apiVersion,
  type CallContext,
  type Cost,
  EaselError,
  type GenerationRequest,
  type GenerationResult,
  type Logger,
  type MemoryPlan,
  type Plugin,
  type PluginInstance,
  type Webhook,
} from '@easel/plugin-sdk';
import { z } from 'zod';
import { firstProblem } from '../../config/first-problem.js';
import { describeError } from './describe-error.js';
import { permissionHint } from './permission-hint.js';
import type { StartPayload } from './protocol.js';

export type HostCall = Pick<CallContext<unknown>, 'signal' | 'onProgress' | 'received' | 'stopsWithin'>;

export interface PluginHost {
  readonly device: string | undefined;
  generate(request: GenerationRequest, call: HostCall): Promise<GenerationResult>;
  /** Undefined: the plugin does not plan. */
  readonly planMemory: ((request: GenerationRequest) => Promise<MemoryPlan | undefined>) | undefined;
  /** Undefined: the plugin does not estimate. */
  readonly estimateCost: ((request: GenerationRequest) => Promise<Cost | undefined>) | undefined;
  /** Undefined: the plugin takes none. */
  readonly receiveWebhook: ((webhook: Webhook) => Promise<void>) | undefined;
  probe(): Promise<void>;
  close(): Promise<void>;
}

const isSchema = z.custom<z.ZodType>(
  (value) => typeof (value as { safeParse?: unknown } | null)?.safeParse === 'function',
  'must be a zod schema',
);
const isFunction = z.custom<Plugin['start']>((value) => typeof value === 'function', 'must be a function');
const pluginShape = z.object({
  config: isSchema,
  options: isSchema,
  secrets: z.array(z.string()).optional(),
  start: isFunction,
});

/**
 * Imports the entry, checks what it exports, validates its configuration and starts it.
 *
 * @param module what it exports, where the host has given it by value. Absent: it is imported
 */
export async function startPluginHost(
  payload: StartPayload,
  logger: Logger,
  module?: unknown,
): Promise<PluginHost> {
  const { plugin: id, secrets, folder, storageFolder, webhookUrl } = payload;
  const plugin = await unclassifiedAsStartFailure(payload, () => loadPlugin(payload, module));
  if (payload.onlyLoad) return loadedOnly(id);
  assertSecrets(id, plugin.secrets ?? [], secrets);
  const config = plugin.config.safeParse(payload.config);
  if (!config.success) {
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `The configuration of the plugin "${id}" does not validate: ${firstProblem(config.error)}.`,
      hint: `Correct plugins.${id}.options in easel.config.json.`,
    });
  }
  const instance: PluginInstance<unknown> = await unclassifiedAsStartFailure(payload, () =>
    plugin.start({ config: config.data, secrets, folder, storageFolder, webhookUrl, logger }),
  );
  const optionsOf = (request: GenerationRequest): unknown => {
    const options = plugin.options.safeParse(request.options);
    if (options.success) return options.data;
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field: `providerOptions.${id}`,
      message: `providerOptions.${id}: ${firstProblem(options.error)}.`,
    });
  };
  return {
    device: instance.device,
    async generate(request, call) {
      return await instance.generate(request, { ...call, logger, options: optionsOf(request) });
    },
    planMemory:
      instance.planMemory &&
      (async (request) => await instance.planMemory?.(request, { options: optionsOf(request) })),
    estimateCost:
      instance.estimateCost &&
      (async (request) => await instance.estimateCost?.(request, { options: optionsOf(request) })),
    receiveWebhook: instance.receiveWebhook && (async (webhook) => await instance.receiveWebhook?.(webhook)),
    async probe() {
      await unclassifiedAsStartFailure(payload, async () => await instance.probe?.());
    },
    async close() {
      await instance.close?.();
    },
  };
}

/** The names in the code and those in the manifest are written down twice. */
function assertSecrets(id: string, named: readonly string[], secrets: StartPayload['secrets']): void {
  const surplus = named.filter((name) => secrets[name] === undefined);
  if (surplus.length === 0) return;
  throw new EaselError({
    code: 'ERR_MANIFEST_INVALID',
    message: `The plugin "${id}" names ${surplus.join(', ')} under \`secrets\` of definePlugin, and its manifest does not.`,
    hint: `Add to plugin.json: "permissions": { "secrets": ${JSON.stringify(surplus)} }.`,
  });
}

async function loadPlugin({ plugin: id, entry }: StartPayload, module: unknown): Promise<Plugin> {
  const imported = () => import(pathToFileURL(entry).href) as Promise<{ readonly default?: unknown }>;
  const exported = (module ?? (await imported()).default) as { readonly apiVersion?: unknown } | undefined;
  if (typeof exported !== 'object' || exported === null || exported.apiVersion === undefined) {
    throw new EaselError({
      code: 'ERR_PLUGIN_START_FAILED',
      message: `The plugin "${id}": ${basename(entry)} does not export a plugin.`,
      hint: 'Make definePlugin({ ... }) its default export.',
    });
  }
  if (exported.apiVersion !== apiVersion) {
    throw new EaselError({
      code: 'ERR_API_INCOMPATIBLE',
      message: `The plugin "${id}" has apiVersion ${String(exported.apiVersion)}; this kernel knows ${apiVersion}.`,
    });
  }
  const shape = pluginShape.safeParse(exported);
  if (!shape.success) {
    throw new EaselError({
      code: 'ERR_PLUGIN_PROTOCOL',
      message: `The default export of the plugin "${id}" is not of the contract: ${firstProblem(shape.error)}.`,
    });
  }
  return exported as Plugin;
}

/** For a plugin whose code has been loaded and that was not started. */
function loadedOnly(id: string): PluginHost {
  const refuse = async (): Promise<never> => {
    throw new EaselError({
      code: 'ERR_PLUGIN_START_FAILED',
      message: `The plugin "${id}" was loaded and not started.`,
    });
  };
  return {
    device: undefined,
    planMemory: undefined,
    estimateCost: undefined,
    receiveWebhook: undefined,
    generate: refuse,
    probe: refuse,
    close: async () => {},
  };
}

async function unclassifiedAsStartFailure<T>(
  { plugin: id, folder }: StartPayload,
  begin: () => Promise<T>,
): Promise<T> {
  try {
    return await begin();
  } catch (error) {
    if (EaselError.isInstance(error)) throw error;
    throw new EaselError({
      code: 'ERR_PLUGIN_START_FAILED',
      message: `The plugin "${id}" did not start: ${describeError(error, folder)}`,
      hint: permissionHint(error),
      cause: error,
    });
  }
}
