import type { InjectionToken } from 'tsyringe';
import type { Configuration } from '../config/configuration.js';
import type { ConfigurationSource } from '../config/configuration-source.js';
import type { Catalogue } from '../models/catalogue.js';
import type { HostLogger } from '../observe/plugin-logger.js';
import type { Tracing } from '../observe/tracing.js';
import type { Live } from './live.js';

/** Values that a kernel is made with. What it is made of are classes, which are their own tokens. */
export const tokens = {
  configurationSource: Symbol('configurationSource') as InjectionToken<ConfigurationSource>,
  configuration: Symbol('configuration') as InjectionToken<Live<Configuration>>,
  environment: Symbol('environment') as InjectionToken<Readonly<Record<string, string | undefined>>>,
  logger: Symbol('logger') as InjectionToken<HostLogger>,
  tracing: Symbol('tracing') as InjectionToken<Tracing>,
  now: Symbol('now') as InjectionToken<() => number>,
  random: Symbol('random') as InjectionToken<() => number>,
  drawSeed: Symbol('drawSeed') as InjectionToken<() => number>,
  catalogue: Symbol('catalogue') as InjectionToken<Live<Catalogue>>,
} as const;
