import { Command } from '@commander-js/extra-typings';
import { type FlagsOf, withKernel } from '../options.js';
import { configurationAndStatus } from '../terminal/help.js';

const several = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

export const define = () =>
  withKernel(
    new Command('generate')
      .description('make images')
      .argument('[prompt]', 'what to show; "-", or nothing and a pipe, reads it from stdin')
      .option('--model <id>', 'model (absent: the current one; `easel models` lists them)')
      .option('--negative <prompt>', 'what not to show')
      .option('--size <WxH>', 'width and height in pixels, or one number for both')
      .option('--steps <count>', 'denoising steps')
      .option('--guidance <scale>', 'how strongly the prompt steers, 0 to 100')
      .option('--seed <number>', 'start of the random numbers; the same seed makes the same image')
      .option('-n <count>', 'how many images; each has the seed after the one before')
      .option('--sampler <name>', 'sampler, by any of its usual names, such as "DPM++ 2M Karras"')
      .option(
        '--image <file>',
        'an image to begin from, or for models that edit, to change; may be given several times',
        several,
      )
      .option('--mask <file>', 'where to paint anew: white; what is black is kept')
      .option('--strength <share>', 'how far to go from the image, 0 (keep it) to 1 (ignore it)')
      .option(
        '--control <file>',
        'an image to follow by a ControlNet, of edges or depths for instance; may be given several times',
        several,
      )
      .option(
        '--control-model <name>',
        'the ControlNet of each: a file, or a name below server.modelFolders',
        several,
      )
      .option('--control-strength <number>', 'how much each counts, 0 to 2', several)
      .option('--fast', 'sooner and a little different, where the model can be computed so (precision fast)')
      .option('--like <png>', 'take everything from an image; flags and prompt beside it override its values')
      .option('-o, --out <path>', 'file or folder to write to')
      .option('--format <format>', 'png, jpeg, webp or avif (absent: by the extension of --out, else png)')
      .option('--prefer <whom>', 'of those who have the model: cheapest, fastest or local')
      .option('--max-cost <dollars>', 'ask nobody who would cost more, by the estimate of the plugin')
      .option('--no-expand', 'read {one|other} and __wildcard__ in prompts as text')
      .option('--timeout <seconds>', 'give up after so long')
      .option(
        '--option <plugin.key=json>',
        'an option that only one plugin knows; may be given several times',
        several,
      )
      .option('--quiet', 'print no progress and no warnings')
      .addHelpText('after', help),
  );
export type GenerateFlags = FlagsOf<typeof define>;

const help = `
Sizes:
  A size within the model's range is rounded to the model's multiple, with a warning; outside of the range it is refused
  (\`easel models\` shows both).

Files:
  --out tree.png        that file, replaced if it exists; with -n 3: tree-1.png, tree-2.png, tree-3.png
  --out images/         <prompt>-<seed>.png in that folder, never replacing a file; the folder is made if it is missing
  without --out         easel-<prompt>-<seed>.png in the working directory, never replacing a file
  The paths of the images are the last lines on stdout, one per image; everything else goes to stderr.
  A PNG carries its parameters: --like makes it again, and other tools can read them.

Examples:
  $ easel generate "a yellow star at night"
  $ easel generate "a red house and a green tree in a meadow" --steps 30 --seed 7 --out house.png
  $ easel generate --like house.png --seed 8 --out another-house.png
  $ easel generate "the same house in the snow" --image house.png --strength 0.6
  $ echo "a blue boat at sea" | easel generate - --json | jq -r .files[0].path
${configurationAndStatus}`;
