import type { Finish } from '../options.js';
import { define } from './flags.js';

export const healthCommand = (finish: Finish) =>
  define().action(async (plugin, flags) => finish(await (await import('./health.js')).health(plugin, flags)));
