import { Command } from '@commander-js/extra-typings';
import { type FlagsOf, withConfiguration } from '../options.js';

export const define = () =>
  withConfiguration(
    new Command('emulate')
      .description("emulate a plugin's provider, to develop without a key and without cost")
      .argument('<plugin>', 'id of a plugin that has an emulator')
      .option('--port <number>', 'port on loopback (absent: a free one)'),
  );
export type EmulateFlags = FlagsOf<typeof define>;
