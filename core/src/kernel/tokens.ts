import type { Logger } from '@easel/plugin-sdk';
import type { InjectionToken } from 'tsyringe';
import type { Configuration } from '../config/configuration.js';
import type { Catalogue } from '../models/catalogue.js';
import type { Registry } from './registry/registry.js';
import type { Dispatcher } from './routing/dispatch.js';

/** What the container of a kernel holds. */
export const tokens = {
  configuration: Symbol('configuration') as InjectionToken<Configuration>,
  environment: Symbol('environment') as InjectionToken<Readonly<Record<string, string | undefined>>>,
  logger: Symbol('logger') as InjectionToken<Logger>,
  drawSeed: Symbol('drawSeed') as InjectionToken<() => number>,
  catalogue: Symbol('catalogue') as InjectionToken<Catalogue>,
  registry: Symbol('registry') as InjectionToken<Registry>,
  dispatcher: Symbol('dispatcher') as InjectionToken<Dispatcher>,
} as const;
