import { Command, Option } from '@commander-js/extra-typings';
import { type FlagsOf, withKernel } from '../options.js';

export const define = () =>
  withKernel(
    new Command('explain')
      .description('show which plugins a request would be sent to, in which order, and why')
      .option('--model <id>', 'model (absent: the current one)')
      .addOption(
        new Option('--fallback <who>', 'who may take over')
          .choices(['none', 'same-model', 'any'] as const)
          .default('any' as const),
      ),
  );
export type ExplainFlags = FlagsOf<typeof define>;
