import type { Finish } from '../options.js';
import { define } from './flags.js';

export const statusCommand = (finish: Finish) =>
  define().action(async (flags) => finish(await (await import('./status.js')).status(flags)));
