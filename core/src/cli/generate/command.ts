import type { Finish } from '../options.js';
import { define } from './flags.js';

export const generateCommand = (finish: Finish) =>
  define().action(async (prompt, flags) =>
    finish(await (await import('./generate.js')).generate(prompt, flags)),
  );
