import { type Command, Option } from 'commander';
import { installHelp } from './help.js';
import type { CommonFlags } from './open-kernel.js';

/**
 * Adds `easel models` and what is below it.
 *
 * @param end is given the exit status
 */
export function addModelCommands(
  program: Command,
  withCommonFlags: (command: Command) => Command,
  end: (status: number) => void,
): void {
  const models = withCommonFlags(
    program.command('models').description('list the models, where they are and who makes their pictures'),
  )
    .helpCommand(false)
    .action(async (flags: CommonFlags) => {
      end(await (await import('./models.js')).models(flags));
    });
  const withModelFlags = (command: Command) =>
    command
      .option('--json', 'print one JSON document on stdout')
      .option('--config <file>', 'configuration (absent: easel.config.json in the working directory)');

  withModelFlags(
    models
      .command('install')
      .description(
        'fetch a model from a hub: its id in the catalogue, or organisation/name[@revision][:file]',
      )
      .argument('<model>', 'what to fetch')
      .option('--id <id>', 'id of its catalogue entry, for a model that is in no catalogue')
      .addOption(new Option('--variant <variant>', 'of the weights').choices(['fp16', 'bf16']))
      .option('--quiet', 'print no progress'),
  )
    .addHelpText('after', installHelp)
    .action(async (model: string, _: unknown, command: Command) => {
      end(await (await import('./install-model.js')).installModel(model, command.optsWithGlobals()));
    });
  withModelFlags(
    models
      .command('import')
      .description('make a catalogue entry for a model on disk, which stays where it is')
      .argument('<path>', "folder in diffusers' layout, or .safetensors file")
      .option('--id <id>', 'id of the entry (absent: the name of the folder or file)'),
  ).action(async (path: string, _: unknown, command: Command) => {
    end(await (await import('./import-model.js')).importModel(path, command.optsWithGlobals()));
  });
  withModelFlags(
    models
      .command('remove')
      .description('delete the files of an installed model, and the entry of an imported one')
      .argument('<id>', 'the model'),
  ).action(async (id: string, _: unknown, command: Command) => {
    end(await (await import('./remove-model.js')).removeModel(id, command.optsWithGlobals()));
  });
  withModelFlags(
    models
      .command('verify')
      .description('read installed files and compare them with the hashes that the hub gave')
      .argument('[id]', 'the model (absent: all that are installed)'),
  ).action(async (id: string | undefined, _: unknown, command: Command) => {
    end(await (await import('./verify-models.js')).verifyModels(id, command.optsWithGlobals()));
  });
}
