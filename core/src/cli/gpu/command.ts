import { Command } from '@commander-js/extra-typings';
import { type Finish, type FlagsOf, withConfiguration } from '../options.js';

const install = () =>
  withConfiguration(
    new Command('install').description(
      "download the libraries that the plugins' packages do not bring along",
    ),
  );
export type DownloadFlags = FlagsOf<typeof install>;

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
