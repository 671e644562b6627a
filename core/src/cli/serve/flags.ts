import { Command } from '@commander-js/extra-typings';
import { type FlagsOf, withKernel } from '../options.js';

export const define = () =>
  withKernel(
    new Command('serve')
      .description('answer over HTTP: the APIs of Easel, OpenAI, Automatic1111 and MCP')
      .option('--host <address>', 'address to listen on (absent: EASEL_HOST, the configuration, loopback)')
      .option('--port <number>', 'port; 0 is a free one (absent: EASEL_PORT, the configuration, 8190)'),
  );
export type ServeFlags = FlagsOf<typeof define>;
