import { Command } from '@commander-js/extra-typings';
import { type FlagsOf, withAnswerer } from '../options.js';

export const define = () =>
  withAnswerer(
    new Command('health')
      .description('report states, circuits, restarts and last errors of the plugins')
      .argument('[plugin]', 'id of the only one that is reported'),
  );
export type HealthFlags = FlagsOf<typeof define>;
