/**
 * The `easel` command. The kernel is loaded by the commands that need it, when they need it.
 *
 * @module
 */
import { Command, CommanderError, Option } from 'commander';
import { coreVersion } from '../version.js';
import type { DownloadFlags } from './downloads.js';
import type { EmulateFlags } from './emulate.js';
import { exitStatus } from './exit-status.js';
import type { ExplainFlags } from './explain.js';
import type { GenerateFlags } from './generate-request.js';
import { generalHelp, generateHelp } from './help.js';
import type { CreateKeyFlags, KeysFlags } from './keys.js';
import { addModelCommands } from './model-commands.js';
import type { NewPluginFlags } from './new-plugin.js';
import type { CommonFlags } from './open-kernel.js';
import { exitWhenWritten, outliveClosedPipes } from './output.js';
import { reportError } from './report-error.js';
import type { ServeFlags } from './serve.js';
import type { SwitchPluginFlags } from './switch-plugin.js';
import { UsageError } from './usage-error.js';

let status: number = exitStatus.ok;

const program = new Command('easel')
  .description('Makes pictures from words: one command in front of every image model.')
  .version(coreVersion, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this')
  .helpCommand(false)
  .addHelpText('after', generalHelp)
  .exitOverride()
  .configureOutput({ outputError: () => {} });

const withCommonFlags = (command: Command) =>
  command
    .option('--json', 'print one JSON document on stdout')
    .option('--config <file>', 'configuration (absent: easel.config.json in the working directory)')
    .option('--verbose', "print the plugins' log lines, and with errors the stack, on stderr");

withCommonFlags(
  program
    .command('generate')
    .description('make pictures')
    .argument('[prompt]', 'what to paint; "-", or nothing and a pipe, reads it from stdin')
    .option('--model <id>', 'model (absent: the current one; `easel models` lists them)')
    .option('--negative <prompt>', 'what not to paint')
    .option('--size <WxH>', 'width and height in pixels, or one number for both')
    .option('--steps <count>', 'denoising steps')
    .option('--guidance <scale>', 'how strongly the prompt steers, 0 to 100')
    .option('--seed <number>', 'start of the random numbers; the same seed makes the same picture')
    .option('-n <count>', 'how many pictures; each has the seed after the one before')
    .option('--sampler <name>', 'sampler, by any of its usual names, such as "DPM++ 2M Karras"')
    .option('--like <png>', 'take everything from a picture; flags and prompt beside it override its values')
    .option('-o, --out <path>', 'file or folder to write to')
    .option('--format <format>', 'png, jpeg or webp (absent: by the extension of --out, else png)')
    .option('--timeout <seconds>', 'give up after so long')
    .option(
      '--option <plugin.key=json>',
      'an option that only one plugin knows; may be given several times',
      (value: string, before: string[] = []) => [...before, value],
    )
    .option('--quiet', 'print no progress and no warnings'),
)
  .addHelpText('after', generateHelp)
  .action(async (prompt: string | undefined, flags: GenerateFlags) => {
    status = await (await import('./generate.js')).generate(prompt, flags);
  });

addModelCommands(program, withCommonFlags, (now) => {
  status = now;
});

const plugins = withCommonFlags(
  program.command('plugins').description('list the plugins: enabled, disabled, rejected and why'),
)
  .helpCommand(false)
  .action(async (flags: CommonFlags) => {
    status = await (await import('./plugins.js')).plugins(flags);
  });

plugins
  .command('new')
  .description('write the folder of a new plugin that works as it is')
  .argument('<id>', 'its id, kebab-case; the name of its folder')
  .addOption(new Option('--language <language>', 'what it is written in').choices(['js', 'ts']).default('js'))
  .option('--folder <folder>', 'folder of plugin folders', 'plugins')
  .option('--json', 'print one JSON document on stdout')
  .option('--config <file>', 'configuration (absent: easel.config.json in the working directory)')
  // Flags that `plugins` has too are read by it, wherever they stand.
  .action(async (id: string, _: unknown, command: Command) => {
    const flags = command.optsWithGlobals<NewPluginFlags>();
    status = await (await import('./new-plugin.js')).newPlugin(id, flags);
  });

plugins
  .command('check')
  .description("tell every problem of a plugin's folder; runs none of its code")
  .argument('[folder]', 'folder with a plugin.json', '.')
  .option('--json', 'print one JSON document on stdout')
  .action(async (folder: string, _: unknown, command: Command) => {
    status = await (await import('./check-plugin.js')).checkPlugin(folder, command.optsWithGlobals());
  });

for (const [name, description] of [
  ['enable', 'give a plugin calls, by the configuration file'],
  ['disable', 'give a plugin no calls, by the configuration file'],
  ['reload', 'let kernels that watch start a plugin anew and swap it in'],
] as const) {
  plugins
    .command(name)
    .description(description)
    .argument('<id>', 'the plugin')
    .option('--json', 'print one JSON document on stdout')
    .option('--config <file>', 'configuration (absent: easel.config.json in the working directory)')
    .action(async (id: string, _: unknown, command: Command) => {
      const flags = command.optsWithGlobals<SwitchPluginFlags>();
      const { reloadPlugin, switchPlugin } = await import('./switch-plugin.js');
      status =
        name === 'reload' ? await reloadPlugin(id, flags) : await switchPlugin(id, name === 'enable', flags);
    });
}

withCommonFlags(
  program
    .command('explain')
    .description("tell who would be asked for a model's pictures, in their order, and why")
    .option('--model <id>', 'model (absent: the current one)')
    .addOption(
      new Option('--fallback <who>', 'who may take over')
        .choices(['none', 'same-model', 'any'])
        .default('any'),
    ),
).action(async (flags: ExplainFlags) => {
  status = await (await import('./explain.js')).explain(flags);
});

withCommonFlags(
  program
    .command('serve')
    .description("answer over HTTP: the plan's API and the OpenAI API")
    .option('--host <address>', 'address to listen on (absent: EASEL_HOST, the configuration, loopback)')
    .option('--port <number>', 'port; 0 is a free one (absent: EASEL_PORT, the configuration, 8190)'),
).action(async (flags: ServeFlags) => {
  status = await (await import('./serve.js')).serve(flags);
});

const keys = program.command('keys').description("the server's API keys").helpCommand(false);
const withKeyFlags = (command: Command) =>
  command
    .option('--json', 'print one JSON document on stdout')
    .option('--config <file>', 'configuration (absent: easel.config.json in the working directory)');
withKeyFlags(
  keys
    .command('create')
    .description('make a key; from the first one on the server asks for one')
    .argument('<name>', 'whose it is')
    .option('--scope <scopes...>', 'generate, read, priority, admin (absent: generate read)')
    .option('--per-minute <count>', 'requests a minute (absent: no limit)')
    .option('--concurrency <count>', 'calls at once (absent: no limit)'),
).action(async (name: string, flags: CreateKeyFlags) => {
  status = await (await import('./keys.js')).createKey(name, flags);
});
withKeyFlags(keys.command('list').description('list the keys, without what opens')).action(
  async (flags: KeysFlags) => {
    status = await (await import('./keys.js')).listKeys(flags);
  },
);
withKeyFlags(keys.command('revoke').description('take a key back').argument('<id>', 'id of the key')).action(
  async (id: string, flags: KeysFlags) => {
    status = await (await import('./keys.js')).revokeKey(id, flags);
  },
);

program
  .command('emulate')
  .description("stand in for a plugin's provider, to develop without a key and without cost")
  .argument('<plugin>', 'id of a plugin that has an emulator')
  .option('--port <number>', 'port on loopback (absent: a free one)')
  .option('--json', 'print one JSON document on stdout')
  .option('--config <file>', 'configuration (absent: easel.config.json in the working directory)')
  .action(async (plugin: string, flags: EmulateFlags) => {
    status = await (await import('./emulate.js')).emulate(plugin, flags);
  });

program
  .command('gpu')
  .description('what plugins need to compute on a graphics card')
  .helpCommand(false)
  .command('install')
  .description("fetch the libraries that the plugins' packages do not bring along")
  .option('--json', 'print one JSON document on stdout')
  .option('--config <file>', 'configuration (absent: easel.config.json in the working directory)')
  .action(async (flags: DownloadFlags) => {
    status = await (await import('./downloads.js')).runDownloads('gpu', flags);
  });

withCommonFlags(
  program.command('health').description('tell whether everything that was found can be used'),
).action(async (flags: CommonFlags) => {
  status = await (await import('./health.js')).health(flags);
});

withCommonFlags(
  program
    .command('doctor')
    .description('look at the machine and the plugins: what works, and what to do about the rest'),
).action(async (flags: CommonFlags) => {
  status = await (await import('./doctor.js')).doctor(flags);
});

/** Commander's errors are about the command line, except for `--help` and `--version`, which it ends by throwing, too. */
async function reportThrown(thrown: unknown, words: readonly string[]): Promise<number> {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitStatus.ok;
  // No command at all: the help has been printed.
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') return exitStatus.usage;
  const isExcess = thrown instanceof CommanderError && thrown.code === 'commander.excessArguments';
  const error =
    thrown instanceof CommanderError
      ? new UsageError(
          thrown.message.replace(/^error: /, ''),
          isExcess ? 'Put quotes around the prompt.' : undefined,
        )
      : thrown;
  return await reportError(error, {
    isJson: words.includes('--json'),
    isVerbose: words.includes('--verbose'),
  });
}

outliveClosedPipes();
const words = process.argv.slice(2);
const end = words.indexOf('--');
try {
  await program.parseAsync(process.argv);
} catch (thrown) {
  status = await reportThrown(thrown, end < 0 ? words : words.slice(0, end));
}
exitWhenWritten(status);
