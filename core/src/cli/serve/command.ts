import { Command } from '@commander-js/extra-typings';
import { type Finish, type FlagsOf, withKernel } from '../options.js';

const define = () =>
  withKernel(
    new Command('serve')
      .description('answer over HTTP: the APIs of Easel, OpenAI, Automatic1111 and MCP')
      .option('--host <address>', 'address to listen on (absent: EASEL_HOST, the configuration, loopback)')
      .option('--port <number>', 'port; 0 is a free one (absent: EASEL_PORT, the configuration, 8190)'),
  );
export type ServeFlags = FlagsOf<typeof define>;

export const serveCommand = (finish: Finish) =>
  define().action(async (flags) => finish(await (await import('./serve.js')).serve(flags)));
