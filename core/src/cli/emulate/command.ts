import type { Finish } from '../options.js';
import { define } from './flags.js';

export const emulateCommand = (finish: Finish) =>
  define().action(async (plugin, flags) =>
    finish(await (await import('./emulate.js')).emulate(plugin, flags)),
  );
