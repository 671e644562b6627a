import type { ErrorCode } from '@easel/plugin-sdk';
import type { BreakerState } from '../kernel/guard/breaker.js';
import type { Registry } from '../kernel/registry/registry.js';
import type { PluginState } from '../kernel/registry/states.js';
import type { Catalogue } from '../models/catalogue.js';

export interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface PluginHealth {
  readonly id: string;
  readonly version: string;
  readonly state: PluginState;
  readonly pipelineTypes: readonly string[];
  /** Process id; absent while it does not run in a process of its own. */
  readonly pid?: number;
  readonly restarts: number;
  readonly inFlight: number;
  readonly queued: number;
  /** By pipeline type. */
  readonly breakers: Readonly<Record<string, BreakerState>>;
  /** Why it last failed to start or went away by itself. Absent: it never did. */
  readonly lastError?: Problem;
}

export interface ServiceHealth {
  /** `ok`, or `degraded` while a plugin has failed, a circuit is open, or something that was found cannot be used. */
  readonly status: 'ok' | 'degraded';
  readonly plugins: readonly PluginHealth[];
  /** Plugin folders and catalogue files that cannot be used, and why. */
  readonly problems: readonly Problem[];
}

const ailing: ReadonlySet<PluginState> = new Set(['failed', 'backoff', 'quarantined']);

/** A picture of the kernel at this moment. */
export function measureHealth(registry: Registry, catalogue: Catalogue): ServiceHealth {
  const problem = ({ code, message }: Problem): Problem => ({ code, message });
  const plugins = registry.plugins.map((plugin): PluginHealth => {
    const { manifest, supervisor, inFlight, queued, breakers } = plugin;
    return {
      id: manifest.id,
      version: manifest.version,
      state: supervisor.state,
      pipelineTypes: manifest.handles.map(({ type }) => type),
      ...(supervisor.pid === undefined ? {} : { pid: supervisor.pid }),
      restarts: supervisor.restarts,
      inFlight,
      queued,
      breakers,
      ...(supervisor.lastError ? { lastError: problem(supervisor.lastError) } : {}),
    };
  });
  const problems = [...registry.problems, ...catalogue.problems].map(problem);
  const isWell = plugins.every(
    ({ state, breakers }) => !ailing.has(state) && !Object.values(breakers).includes('open'),
  );
  return {
    status: isWell && problems.length === 0 ? 'ok' : 'degraded',
    plugins,
    problems,
  };
}
