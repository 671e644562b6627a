/**
 * The plugin itself.
 *
 * @module
 */
import type { z } from 'zod';
import type { GenerationRequest } from './generation.js';
import type { ManifestInput } from './manifest.js';
import type { MemoryPlan } from './memory-plan.js';
import type { Cost, GenerationResult, Progress } from './result.js';
import { apiVersion } from './versions.js';
import type { Webhook } from './webhook.js';

/** A line of the plugin's log; the kernel adds the plugin's name and hides its secrets. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type Logger = Readonly<
  Record<LogLevel, (message: string, details?: Readonly<Record<string, unknown>>) => void>
>;

/** What a plugin is given once, at its start. */
export interface PluginContext<Config, Secret extends string = string> {
  /** Its part of the configuration, validated by its own `config` schema. */
  readonly config: Config;
  /** The secrets that its manifest names and that are set; the rest of the environment is not there. */
  readonly secrets: Readonly<Record<Secret, string>>;
  readonly logger: Logger;
  /** Absolute path of the plugin's folder. */
  readonly folder: string;
  /**
   * Absolute path of a folder of its own that outlives it. Absent: its manifest does not ask for one under
   * `permissions.storage`.
   */
  readonly storageFolder?: string | undefined;
  /**
   * Address below which the server takes webhooks for it: a slash and a name of the plugin's own are put
   * after it. Absent: the configuration names no `server.publicUrl`.
   */
  readonly webhookUrl?: string | undefined;
}

/** What a plugin is given with each call. */
export interface CallContext<Options> {
  /**
   * Aborted when the caller cancels or the deadline passes; the work must then stop, and whatever it throws
   * is ignored.
   */
  readonly signal: AbortSignal;
  /** Tells how far the call is; cheap, and safe to call too often. */
  readonly onProgress: (progress: Progress) => void;
  /**
   * Tells, once the signal is aborted, in how many milliseconds the work can stop: until then, a minute at
   * most, the plugin is left alone, and its other callers wait. 0: its process is ended at once. Where nobody
   * tells, the plugin has 2 seconds before it is ended.
   */
  readonly stopsWithin: (milliseconds: number) => void;
  /**
   * Settles after `generate` has answered: `true` when whoever asked has the result safely, for a job when it
   * is on disk; `false` where it has got lost, for example because the caller is gone, and when the plugin is
   * asked to close before it is known. Never rejects; settles with `false` where `generate` throws. A plugin
   * that pays keeps what it has made until this is `true`, for the same call to come again.
   */
  readonly received: Promise<boolean>;
  /** Options of the model and the request for this plugin, validated by its own `options` schema. */
  readonly options: Options;
  readonly logger: Logger;
}

/** A started plugin. */
export interface PluginInstance<Options> {
  /** What it computes on, for example `cpu` or `webgpu`. Absent: elsewhere. */
  readonly device?: string;
  /**
   * Makes pictures. Throws an `EaselError` for what it can classify; anything else becomes
   * `ERR_PLUGIN_FAILED`. Called concurrently up to the manifest's `runtime.concurrency`.
   */
  generate(request: GenerationRequest, call: CallContext<Options>): Promise<GenerationResult>;
  /**
   * What a call would hold in memory; nothing is made or opened for it. Throws as `generate` would for what
   * cannot be asked for. Absent: nobody knows before it runs.
   */
  planMemory?(
    request: GenerationRequest,
    call: Pick<CallContext<Options>, 'options'>,
  ): Promise<MemoryPlan | undefined>;
  /**
   * What a call would cost, at most as far as that can be known; asked before a call that has a limit, or
   * that is to be made where it is cheapest. Answers from what it knows, without asking its provider. Absent,
   * or where it answers undefined: nobody knows.
   */
  estimateCost?(
    request: GenerationRequest,
    call: Pick<CallContext<Options>, 'options'>,
  ): Promise<Cost | undefined> | Cost | undefined;
  /**
   * Takes a webhook that came to its `webhookUrl`, from anybody: what it does of that it owes to a signature.
   * Absent: it takes none.
   */
  receiveWebhook?(webhook: Webhook): Promise<void>;
  /**
   * Makes sure that it could serve, for example by asking its provider for its models; called before it takes
   * the place of another version, and it does not where this throws. Absent: to have started is enough.
   */
  probe?(): Promise<void>;
  /**
   * Ends what it holds: processes, sockets, files. Also called where the kernel has ended, if the manifest
   * gives time for that (`runtime.finishMs`): what is paid can be finished and written down then. Absent:
   * nothing to end.
   */
  close?(): Promise<void>;
}

/**
 * What the kernel has to know of a plugin before it starts it, for one that a host gives by value: what
 * others have in their `plugin.json`. It runs inside of the kernel.
 */
export type GivenManifest = Omit<
  ManifestInput,
  '$schema' | 'version' | 'sdk' | 'protocols' | 'entry' | 'downloads' | 'doctor' | 'emulator'
> & {
  /** Semantic version. Absent: 0.0.0. */
  readonly version?: string;
};

export interface PluginDefinition<
  Config extends z.ZodType,
  Options extends z.ZodType,
  Secret extends string = string,
> {
  /** For a plugin that is given by value. Absent: it has a `plugin.json`. */
  readonly manifest?: GivenManifest;
  /** Its part of `easel.config.json`; a value that does not validate keeps it from starting. */
  readonly config: Config;
  /** Its provider options, of a model and of a request. */
  readonly options: Options;
  /**
   * The names of its manifest under `permissions.secrets`, so that `secrets` of `start` has these as strings,
   * and no others; it is not started where the manifest does not name them. Absent: whichever the manifest
   * names.
   */
  readonly secrets?: readonly Secret[];
  /**
   * Starts it. Throws an `EaselError` when it cannot; heavy work belongs into the first call that needs it.
   */
  start(context: PluginContext<z.output<Config>, Secret>): Promise<PluginInstance<z.output<Options>>>;
}

export interface Plugin<Config extends z.ZodType = z.ZodType, Options extends z.ZodType = z.ZodType>
  extends PluginDefinition<Config, Options> {
  readonly apiVersion: typeof apiVersion;
}

/**
 * Makes a plugin of its definition: the default export of the manifest's `entry`, or a value for the option
 * `plugins` of a kernel.
 *
 * @example
 * export default definePlugin({
 *   config: z.strictObject({ endpoint: z.url() }),
 *   options: z.strictObject({}),
 *   async start({ config }) {
 *     return { generate: async (request, { signal }) => ({ images: await draw(config.endpoint, request, signal) }) };
 *   },
 * });
 */
export function definePlugin<
  Config extends z.ZodType,
  Options extends z.ZodType,
  const Secret extends string = string,
>(definition: PluginDefinition<Config, Options, Secret>): Plugin<Config, Options> {
  return { ...definition, apiVersion };
}
