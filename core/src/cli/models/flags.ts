import { Command, Option } from '@commander-js/extra-typings';
import { quantizations } from '../../model-files/quantize/choose-type.js';
import { type FlagsOf, withConfiguration, withKernel } from '../options.js';

export const list = (name: 'models' | 'list') =>
  withKernel(
    new Command(name).description('list the models, where they are and which plugin makes their images'),
  );
export type ListModelsFlags = FlagsOf<typeof list>;

export const install = () =>
  withConfiguration(
    new Command('install')
      .description(
        'download a model: its id in the catalogue, or organisation/name[@revision][:file] of a hub',
      )
      .argument('<model>', 'what to download')
      .option('--id <id>', 'id of its catalogue entry, for a model that is in no catalogue')
      .option('--variant <variant>', 'of the weights: fp16, bf16, or a smaller version that its entry names')
      .option('--quiet', 'print no progress')
      .addHelpText('after', installHelp),
  );
export type InstallFlags = FlagsOf<typeof install>;

export const add = () =>
  withConfiguration(
    new Command('import')
      .description('make catalogue entries for models on disk, which stay where they are')
      .argument('<path>', "a folder in diffusers' layout, a .safetensors or .gguf file, or a folder of many")
      .option('--id <id>', 'id of the entry (absent: the name of the folder or file)'),
  );
export type ImportFlags = FlagsOf<typeof add>;

export const quantize = () =>
  withConfiguration(
    new Command('quantize')
      .description('make a smaller copy of a model on disk, with an entry of its own; the model stays')
      .argument('<model>', 'id of the model')
      .addOption(
        new Option(
          '--to <format>',
          'q8: 8.5 bits a weight, q4: 4.5 bits, both in GGUF; int8: 8 bits, in .safetensors',
        )
          .choices(quantizations)
          .makeOptionMandatory(),
      )
      .option('--id <id>', "id of the copy's entry (absent: that of the model, and the format)")
      .option(
        '--out <path>',
        "where the copy goes (absent: beside the model's file, or into the storage folder)",
      )
      .option('--quiet', 'print no progress')
      .addHelpText('after', quantizeHelp),
  );
export type QuantizeFlags = FlagsOf<typeof quantize>;

export const remove = () =>
  withConfiguration(
    new Command('remove')
      .description('delete the files of an installed model, and the entry of an imported one')
      .argument('<id>', 'the model'),
  );
export type RemoveFlags = FlagsOf<typeof remove>;

export const verify = () =>
  withConfiguration(
    new Command('verify')
      .description('read installed files and compare them with the hashes that the hub gave')
      .argument('[id]', 'the model (absent: all that are installed)'),
  );
export type VerifyFlags = FlagsOf<typeof verify>;

const installHelp = `
Files lie in the Hugging Face cache, which other tools share. Environment:
  HF_TOKEN      for models that are gated or private      HF_ENDPOINT   another hub, or a mirror
  HF_HOME       folder of the cache                       HF_HUB_CACHE  the cache itself
An install that was cut off goes on where it stopped.

Examples:
  $ easel models install sdxl-turbo
  $ easel models install z-image-turbo --variant q4
  $ easel models install Lykon/dreamshaper-8 --variant fp16
  $ easel models install ByteDance/SDXL-Lightning:sdxl_lightning_4step.safetensors`;

const quantizeHelp = `
A copy that was cut off goes on where it stopped.

Examples:
  $ easel models quantize sdxl-turbo --to q8
  $ easel models quantize flux-1-schnell --to q4 --id schnell-small`;
