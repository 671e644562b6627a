import { Command } from '@commander-js/extra-typings';
import { type FlagsOf, withKernel } from '../options.js';

export const define = () =>
  withKernel(
    new Command('health').description('report states, circuits, restarts and last errors of the plugins'),
  );
export type HealthFlags = FlagsOf<typeof define>;
