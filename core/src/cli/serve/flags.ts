import { Command, Option } from '@commander-js/extra-typings';
import { settingNames } from '../../config/setting-names.js';
import { type FlagsOf, withKernel } from '../options.js';

/** As in scale/shared-parts.ts, which need not be loaded for --help. */
const roles = ['gateway', 'worker', 'all'] as const;

const width = Math.max(...settingNames.map(({ variable }) => variable.length));
const line = (variable: string, meaning: string) => `  ${variable.padEnd(width)}  ${meaning}`;

const environmentHelp = `
Environment variables, each in place of a field of easel.config.json:
${settingNames.map(({ variable, path }) => line(variable, path)).join('\n')}
${line('EASEL_CONFIG', 'path of the configuration file')}
${line('EASEL_API_KEY', 'an API key with all scopes, of at least 24 characters')}

Lists are separated by commas, folders by colons (semicolons on Windows); plugins, scale and the
like, which hold several values, are JSON.
Flags go before variables, and variables before the file.`;

export const define = () =>
  withKernel(
    new Command('serve')
      .description('answer over HTTP: the APIs of Easel, OpenAI, Automatic1111, ComfyUI and others, and MCP')
      .option('--host <address>', 'address to listen on (absent: EASEL_HOST, the configuration, loopback)')
      .option('--port <number>', 'port; 0 is a free one (absent: EASEL_PORT, the configuration, 8190)')
      .option(
        '--prefix <path>',
        'path under which a proxy has it, such as /easel (absent: EASEL_PREFIX, the configuration)',
      )
      .addOption(
        new Option(
          '--role <role>',
          'what it does among servers that share the work by "scale" (absent: EASEL_ROLE, the configuration, all)',
        ).choices(roles),
      )
      .addHelpText('after', environmentHelp),
  );
export type ServeFlags = FlagsOf<typeof define>;
