import 'reflect-metadata';
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import type { Tracer } from '@opentelemetry/api';
import { type DependencyContainer, container as processContainer } from 'tsyringe';
import type { Configuration } from '../config/configuration.js';
import type { ConfigurationSource } from '../config/configuration-source.js';
import { readConfiguration } from '../config/read-configuration.js';
import { SecretKeeper } from '../config/secret-keeper.js';
import { readCatalogue } from '../models/catalogue.js';
import { type HostLogger, silentLogger } from '../observe/plugin-logger.js';
import { Tracing } from '../observe/tracing.js';
import { Events } from './events.js';
import { Registry } from './registry/registry.js';
import { HotLoader } from './reload/hot-loader.js';
import { Reconciler } from './reload/reconciler.js';
import { Dispatcher } from './routing/dispatch.js';
import { Latencies } from './routing/latencies.js';
import { tokens } from './tokens.js';

/** Seeds that are drawn lie below: many providers take 31 bits, also of the last image of a call. */
const drawnSeeds = 2 ** 31 - 1_000;

export interface KernelOptions extends ConfigurationSource {
  /** Where secrets are looked up. Absent: `process.env`, and below it the secrets file. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Takes the log lines of the kernel and its plugins. Absent: they are dropped. */
  readonly logger?: HostLogger | undefined;
  /**
   * Whether plugins, catalogue and configuration file are watched: what is added, changed or removed takes
   * effect within a second, and what is broken is reported and changes nothing. Absent: no; they are read
   * once.
   */
  readonly hotLoad?: boolean | undefined;
  /** Whether it counts what `getMetrics` tells. Absent: no. */
  readonly metrics?: boolean | undefined;
  /** Where spans of calls go. Absent: to the host's OpenTelemetry, where it has set one up. */
  readonly tracer?: Tracer | undefined;
  /** Milliseconds on a clock that never goes back. Absent: `performance.now`. */
  readonly now?: (() => number) | undefined;
  /** Draws from 0 up to 1, for choices among equals and for pauses. Absent: `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Draws the seed of a request that has none, 0 to 4294967295. Absent: at random. */
  readonly drawSeed?: (() => number) | undefined;
}

/**
 * A host that gives an environment has said where secrets are; a file is then read only where the
 * configuration names it.
 */
function secretsOf({ environment }: KernelOptions, configuration: Configuration): SecretKeeper {
  const isRead = environment === undefined || configuration.secretsFile !== undefined;
  return new SecretKeeper(environment ?? process.env, configuration, isRead);
}

/**
 * The composition root. Each kernel has a container of its own, so that several can live in one host; nothing
 * is registered globally.
 */
export function createContainer(options: KernelOptions): DependencyContainer {
  // The host may change its working directory.
  const source = { ...options, folder: resolve(options.folder ?? '.') };
  const configuration = readConfiguration(source);
  const container = processContainer.createChildContainer();
  container.register(tokens.configurationSource, { useValue: source });
  container.register(tokens.configuration, { useValue: { current: configuration } });
  const secrets = secretsOf(options, configuration);
  container.register(SecretKeeper, { useValue: secrets });
  container.register(tokens.environment, { useValue: secrets.environment });
  container.register(tokens.logger, { useValue: options.logger ?? silentLogger });
  container.register(tokens.tracing, { useValue: new Tracing(options.tracer) });
  container.register(tokens.now, { useValue: options.now ?? (() => performance.now()) });
  container.register(tokens.random, { useValue: options.random ?? Math.random });
  container.register(tokens.drawSeed, { useValue: options.drawSeed ?? (() => randomInt(drawnSeeds)) });
  container.register(tokens.catalogue, {
    useValue: { current: readCatalogue(configuration) },
  });
  container.registerSingleton(Events);
  container.registerSingleton(Registry);
  container.registerSingleton(Latencies);
  container.registerSingleton(Dispatcher);
  container.registerSingleton(Reconciler);
  container.registerSingleton(HotLoader);
  return container;
}
