import type { Finish } from '../options.js';
import { define } from './flags.js';

export const costsCommand = (finish: Finish) =>
  define().action(async (flags) => finish(await (await import('./costs.js')).costs(flags)));
