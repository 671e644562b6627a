import type { Command, OptionValues } from '@commander-js/extra-typings';

/** Told the exit status of a command that has ended. */
export type Finish = (status: number) => void;

/** The flags of a command, as its definition declares them. */
export type FlagsOf<Define extends (...values: never[]) => { opts(): OptionValues }> = Readonly<
  ReturnType<ReturnType<Define>['opts']>
>;

/** Adds the flags of commands that read the configuration. */
export const withConfiguration = <Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) =>
  command
    .option('--json', 'print one JSON document on stdout')
    .option(
      '--config <file>',
      'configuration (absent: EASEL_CONFIG, or easel.config.json in the working directory)',
    );

/** Adds the flags of commands that ask the server that runs. */
export const withServer = <Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) =>
  withConfiguration(command).option(
    '--url <url>',
    'server to ask, with the key in EASEL_API_KEY (absent: EASEL_URL, or the one that runs on this machine)',
  );

/** Adds the flags of commands that ask the server that runs, or a kernel of their own. */
export const withAnswerer = <Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) =>
  withServer(command)
    .option('--own-kernel', 'ask no server, but a kernel of this command with the same configuration')
    .option('--verbose', 'with errors print the stack, and with --own-kernel log lines, on stderr');

/** Adds the flags of commands that open a kernel. */
export const withKernel = <Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) =>
  withConfiguration(command).option(
    '--verbose',
    "print the plugins' log lines, and with errors the stack, on stderr",
  );
