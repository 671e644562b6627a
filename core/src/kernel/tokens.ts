import type { InjectionToken } from 'tsyringe';
import type { Configuration } from '../config/configuration.js';
import type { ConfigurationSource } from '../config/read-configuration.js';
import type { Catalogue } from '../models/catalogue.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import type { Tracing } from '../observe/tracing.js';
import type { Events } from './events.js';
import type { Live } from './live.js';
import type { Registry } from './registry/registry.js';
import type { HotLoader } from './reload/hot-loader.js';
import type { Reconciler } from './reload/reconciler.js';
import type { Dispatcher } from './routing/dispatch.js';

/** What the container of a kernel holds. */
export const tokens = {
  configurationSource: Symbol('configurationSource') as InjectionToken<ConfigurationSource>,
  configuration: Symbol('configuration') as InjectionToken<Live<Configuration>>,
  environment: Symbol('environment') as InjectionToken<Readonly<Record<string, string | undefined>>>,
  logger: Symbol('logger') as InjectionToken<HostLogger>,
  tracing: Symbol('tracing') as InjectionToken<Tracing>,
  events: Symbol('events') as InjectionToken<Events>,
  now: Symbol('now') as InjectionToken<() => number>,
  random: Symbol('random') as InjectionToken<() => number>,
  drawSeed: Symbol('drawSeed') as InjectionToken<() => number>,
  catalogue: Symbol('catalogue') as InjectionToken<Live<Catalogue>>,
  registry: Symbol('registry') as InjectionToken<Registry>,
  dispatcher: Symbol('dispatcher') as InjectionToken<Dispatcher>,
  reconciler: Symbol('reconciler') as InjectionToken<Reconciler>,
  hotLoader: Symbol('hotLoader') as InjectionToken<HotLoader>,
} as const;
