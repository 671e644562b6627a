import { Command, Option } from '@commander-js/extra-typings';
import { type Finish, type FlagsOf, withConfiguration, withKernel } from '../options.js';

const list = () =>
  withKernel(
    new Command('models').description('list the models, where they are and which plugin makes their images'),
  );
export type ListModelsFlags = FlagsOf<typeof list>;

const install = () =>
  withConfiguration(
    new Command('install')
      .description(
        'download a model: its id in the catalogue, or organisation/name[@revision][:file] of a hub',
      )
      .argument('<model>', 'what to download')
      .option('--id <id>', 'id of its catalogue entry, for a model that is in no catalogue')
      .addOption(new Option('--variant <variant>', 'of the weights').choices(['fp16', 'bf16'] as const))
      .option('--quiet', 'print no progress')
      .addHelpText('after', installHelp),
  );
export type InstallFlags = FlagsOf<typeof install>;

const add = () =>
  withConfiguration(
    new Command('import')
      .description('make a catalogue entry for a model on disk, which stays where it is')
      .argument('<path>', "folder in diffusers' layout, or .safetensors file")
      .option('--id <id>', 'id of the entry (absent: the name of the folder or file)'),
  );
export type ImportFlags = FlagsOf<typeof add>;

const remove = () =>
  withConfiguration(
    new Command('remove')
      .description('delete the files of an installed model, and the entry of an imported one')
      .argument('<id>', 'the model'),
  );
export type RemoveFlags = FlagsOf<typeof remove>;

const verify = () =>
  withConfiguration(
    new Command('verify')
      .description('read installed files and compare them with the hashes that the hub gave')
      .argument('[id]', 'the model (absent: all that are installed)'),
  );
export type VerifyFlags = FlagsOf<typeof verify>;

/** `easel models` and the commands below it. They take flags of `models` wherever those stand. */
export const modelsCommand = (finish: Finish) =>
  list()
    .helpCommand(false)
    .action(async (flags) => finish(await (await import('./list.js')).listModels(flags)))
    .addCommand(
      install().action(async (model, _, command) =>
        finish(await (await import('./install.js')).installModel(model, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      add().action(async (path, _, command) =>
        finish(await (await import('./import.js')).importModel(path, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      remove().action(async (id, _, command) =>
        finish(await (await import('./remove.js')).removeModel(id, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      verify().action(async (id, _, command) =>
        finish(await (await import('./verify.js')).verifyModels(id, command.optsWithGlobals())),
      ),
    );

const installHelp = `
Files lie in the Hugging Face cache, which other tools share. Environment:
  HF_TOKEN      for models that are gated or private      HF_ENDPOINT   another hub, or a mirror
  HF_HOME       folder of the cache                       HF_HUB_CACHE  the cache itself
An install that was cut off goes on where it stopped.

Examples:
  $ easel models install sdxl-turbo
  $ easel models install Lykon/dreamshaper-8 --variant fp16
  $ easel models install ByteDance/SDXL-Lightning:sdxl_lightning_4step.safetensors`;
