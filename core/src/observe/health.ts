import type { ErrorCode, Model } from '@easel/plugin-sdk';
import type { BreakerState } from '../kernel/guard/breaker.js';
import type { GuardedPlugin } from '../kernel/guard/guarded-plugin.js';
import type { Latency } from '../kernel/guard/latency.js';
import type { Registry } from '../kernel/registry/registry.js';
import type { PluginState } from '../kernel/supervisor/states.js';
import type { Catalogue } from '../models/catalogue.js';

export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A model that a plugin makes pictures with. */
export interface ServedModel {
  readonly id: string;
  readonly name: string;
  /** The provider's own id of the model, or the folder that it lies in. */
  readonly key: string;
  readonly pipelineType: string;
  readonly supportsNegativePrompt: boolean;
}

export interface PluginHealth {
  readonly id: string;
  /** What people call it. */
  readonly provider: string;
  readonly version: string;
  readonly state: PluginState;
  /** Whether it would be asked for pictures now: configured, enabled, and a circuit at least not open. */
  readonly available: boolean;
  /** Whether all secrets that it needs are set. */
  readonly configured: boolean;
  /** Environment variables that it needs and that are not set. Absent: none. */
  readonly missingSecrets?: readonly string[];
  /** Whether it runs at this moment; one that does not is started by its next call. */
  readonly connected: boolean;
  readonly pipelineTypes: readonly string[];
  /** Models of the catalogue that it is asked for. */
  readonly models: readonly ServedModel[];
  /** What it computes on, such as `cpu`. Absent: elsewhere, or it has not told. */
  readonly device?: string;
  /** Process id; absent while it does not run in a process of its own. */
  readonly pid?: number;
  /** How many versions have served since the kernel began, this one included. */
  readonly generation: number;
  /** Share of the calls that the version before still has. Absent: none. */
  readonly rollout?: { readonly before: string };
  /** Milliseconds for which it has run without a break. */
  readonly uptimeMs: number;
  /**
   * Resident memory of its process in bytes, as measured within the last second or so. Absent: it has none of
   * its own.
   */
  readonly memoryBytes?: number;
  readonly restarts: number;
  readonly inFlight: number;
  readonly queued: number;
  /** By pipeline type. */
  readonly breakers: Readonly<Record<string, BreakerState>>;
  /** Of calls that succeeded, by pipeline type; types without one are missing. */
  readonly latencies: Readonly<Record<string, Latency>>;
  /** Milliseconds for which it is left alone after crashes. Absent: it is not. */
  readonly quarantinedForMs?: number;
  /** Why it last failed to start or went away by itself. Absent: it never did. */
  readonly lastError?: Problem;
}

export interface ServiceHealth {
  /**
   * `ok`, or `degraded` while a plugin has failed, a circuit is open, or something that was found cannot be
   * used.
   */
  readonly status: 'ok' | 'degraded';
  readonly plugins: readonly PluginHealth[];
  /** Plugin folders and catalogue files that cannot be used, and why. */
  readonly problems: readonly Problem[];
  /**
   * Settings that have changed in the configuration file and take effect at the next start, such as
   * `server.bodyMb`. Empty: none.
   */
  readonly waitingSettings: readonly string[];
}

const ailing: ReadonlySet<PluginState> = new Set(['failed', 'backoff', 'quarantined']);

/** A picture of the kernel at this moment. */
export function measureHealth(
  registry: Registry,
  catalogue: Catalogue,
  waitingSettings: readonly string[] = [],
): ServiceHealth {
  const plugins = registry.plugins.map((plugin) => measurePlugin(plugin, registry, catalogue));
  const problems = [...registry.problems, ...catalogue.problems].map(problemOf);
  const isWell = plugins.every(
    ({ state, breakers }) => !ailing.has(state) && !Object.values(breakers).includes('open'),
  );
  return {
    status: isWell && problems.length === 0 ? 'ok' : 'degraded',
    plugins,
    problems,
    waitingSettings,
  };
}

function measurePlugin(plugin: GuardedPlugin, registry: Registry, catalogue: Catalogue): PluginHealth {
  const { manifest, supervisor, inFlight, queued, breakers, latencies } = plugin;
  const { state, missingSecrets, run, uptimeMs, restarts, lastError } = supervisor;
  const pipelineTypes = manifest.handles.map(({ type }) => type);
  const before = registry.succession.predecessorOf(plugin);
  return {
    id: manifest.id,
    provider: manifest.name ?? manifest.id,
    version: manifest.version,
    state,
    available: state !== 'disabled' && pipelineTypes.some((type) => plugin.obstacle(type) === undefined),
    configured: missingSecrets.length === 0,
    ...(missingSecrets.length === 0 ? {} : { missingSecrets }),
    connected: state === 'ready',
    pipelineTypes,
    models: [...catalogue.models.values()]
      .filter(({ pipelineType }) => pipelineTypes.includes(pipelineType))
      .map(servedModel),
    ...(run?.device === undefined ? {} : { device: run.device }),
    ...(run?.pid === undefined ? {} : { pid: run.pid }),
    generation: registry.generationOf(plugin),
    ...(before ? { rollout: { before: before.manifest.version } } : {}),
    uptimeMs: Math.round(uptimeMs),
    ...(run?.residentBytes === undefined ? {} : { memoryBytes: run.residentBytes }),
    restarts,
    inFlight,
    queued,
    breakers,
    latencies,
    ...(state === 'quarantined' ? { quarantinedForMs: Math.ceil(supervisor.quarantinedForMs) } : {}),
    ...(lastError ? { lastError: problemOf(lastError) } : {}),
  };
}

const servedModel = ({ id, name, source, pipelineType, supports }: Model): ServedModel => ({
  id,
  name,
  key: keyOf(source),
  pipelineType,
  supportsNegativePrompt: supports.negativePrompt,
});

function keyOf(source: Model['source']): string {
  if (source.type === 'provider') return source.id;
  return source.type === 'hub' ? source.repository : source.path;
}

const problemOf = ({ code, message }: Problem): Problem => ({ code, message });
