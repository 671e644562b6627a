import { Command, Option } from '@commander-js/extra-typings';
import { type FlagsOf, withAnswerer } from '../options.js';

export const define = () =>
  withAnswerer(
    new Command('explain')
      .description('show which plugins a request would be sent to, in which order, and why')
      .argument('[model]', 'id of the model (absent: the current one)')
      .option('--model <id>', 'the same')
      .addOption(
        new Option('--fallback <who>', 'who may take over')
          .choices(['none', 'same-model', 'any'] as const)
          .default('any' as const),
      ),
  );
export type ExplainFlags = FlagsOf<typeof define>;
