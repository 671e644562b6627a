import type { Finish } from '../options.js';
import { define } from './flags.js';

export const explainCommand = (finish: Finish) =>
  define().action(async (model, flags) =>
    finish(await (await import('./explain.js')).explain({ ...flags, model: model ?? flags.model })),
  );
