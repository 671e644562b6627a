import type { Finish } from '../options.js';
import { define } from './flags.js';

export const explainCommand = (finish: Finish) =>
  define().action(async (flags) => finish(await (await import('./explain.js')).explain(flags)));
