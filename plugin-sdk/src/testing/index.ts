/**
 * The author kit: `testPlugin` is a whole suite for one plugin, for vitest. The checks that it makes are
 * functions of their own, which can be called on a `Subject` without it.
 *
 * @module
 */
export type { Check } from './check.js';
export * from './checks/all.js';
export * from './checks/cancelling.js';
export * from './checks/closing.js';
export * from './checks/concurrency.js';
export * from './checks/failing.js';
export * from './checks/loading.js';
export * from './checks/pictures.js';
export * from './checks/progress.js';
export * from './checks/secrets.js';
export * from './checks/seeds.js';
export * from './checks/settings.js';
export type { LoadedPlugin } from './load-plugin.js';
export type * from './options.js';
export { readModel } from './read-model.js';
export { Subject } from './subject.js';
export { testPlugin } from './test-plugin.js';
