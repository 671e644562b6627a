import { Command } from '@commander-js/extra-typings';
import { coreVersion } from '../version.js';
import { backupCommand, restoreCommand } from './backup/command.js';
import { costsCommand } from './costs/command.js';
import { doctorCommand } from './doctor/command.js';
import { emulateCommand } from './emulate/command.js';
import { explainCommand } from './explain/command.js';
import { generateCommand } from './generate/command.js';
import { gpuCommand } from './gpu/command.js';
import { healthCommand } from './health/command.js';
import { jobsCommand } from './jobs/command.js';
import { keysCommand } from './keys/command.js';
import { modelsCommand } from './models/command.js';
import type { Finish } from './options.js';
import { pluginsCommand } from './plugins/command.js';
import { serveCommand } from './serve/command.js';
import { statusCommand } from './status/command.js';
import { configurationAndStatus } from './terminal/help.js';

/** In the order in which `easel --help` lists them. A command is a folder, and a line here. */
const commands = [
  generateCommand,
  modelsCommand,
  pluginsCommand,
  explainCommand,
  serveCommand,
  keysCommand,
  emulateCommand,
  gpuCommand,
  statusCommand,
  healthCommand,
  jobsCommand,
  backupCommand,
  restoreCommand,
  costsCommand,
  doctorCommand,
];

/** The `easel` command with all that is below it. Its errors are thrown. */
export function createProgram(finish: Finish): Command {
  const program = new Command('easel')
    .description('Makes images from words: one command in front of every image model.')
    .version(coreVersion, '-V, --version', 'print the version')
    .helpCommand(false)
    .addHelpText('after', help)
    .hook('preAction', async () => {
      await import('../own-files.js'); // refuses to begin where plugins cannot
    });
  for (const create of commands) program.addCommand(create(finish));
  return throwing(program);
}

/** Settings that commands inherit only when they are made by their parent. */
function throwing(program: Command): Command {
  const all = (command: { readonly commands: readonly unknown[] }): Command[] => [
    command as Command,
    ...(command.commands as Command[]).flatMap(all),
  ];
  for (const command of all(program))
    command
      .helpOption('-h, --help', 'print this')
      .exitOverride()
      .configureOutput({ outputError: () => {} });
  return program;
}

const help = `
Examples:
  $ easel generate "a yellow star at night"
  $ easel generate "a red house and a green tree in a meadow" -n 4 --seed 7 --out images/
  $ easel models
${configurationAndStatus}`;
