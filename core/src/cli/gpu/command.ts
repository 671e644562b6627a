import { Command } from '@commander-js/extra-typings';
import type { Finish } from '../options.js';
import { install } from './flags.js';

/** `easel gpu` and the command below it. */
export const gpuCommand = (finish: Finish) =>
  new Command('gpu')
    .description('what plugins need to compute on a graphics card')
    .helpCommand(false)
    .addCommand(
      install().action(async (flags) =>
        finish(await (await import('./downloads.js')).runDownloads('gpu', flags)),
      ),
    );
