import type { Finish } from '../options.js';
import { define } from './flags.js';

export const serveCommand = (finish: Finish) =>
  define().action(async (flags) => finish(await (await import('./serve.js')).serve(flags)));
