import { Command } from '@commander-js/extra-typings';
import { type FlagsOf, withServer } from '../options.js';

export const define = () => withServer(new Command('status').description('tell how the server that runs is'));
export type StatusFlags = FlagsOf<typeof define>;
