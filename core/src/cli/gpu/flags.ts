import { Command } from '@commander-js/extra-typings';
import { type FlagsOf, withConfiguration } from '../options.js';

export const install = () =>
  withConfiguration(
    new Command('install').description(
      "download the libraries that the plugins' packages do not bring along",
    ),
  );
export type DownloadFlags = FlagsOf<typeof install>;
