import { Command } from '@commander-js/extra-typings';
import { type Finish, type FlagsOf, withKernel } from '../options.js';

const define = () =>
  withKernel(
    new Command('health').description('report states, circuits, restarts and last errors of the plugins'),
  );
export type HealthFlags = FlagsOf<typeof define>;

export const healthCommand = (finish: Finish) =>
  define().action(async (flags) => finish(await (await import('./health.js')).health(flags)));
