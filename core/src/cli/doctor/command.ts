import type { Finish } from '../options.js';
import { define } from './flags.js';

export const doctorCommand = (finish: Finish) =>
  define().action(async (flags) => finish(await (await import('./doctor.js')).doctor(flags)));
