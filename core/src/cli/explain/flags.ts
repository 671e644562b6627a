import { Command, Option } from '@commander-js/extra-typings';
import { type FlagsOf, withAnswerer } from '../options.js';

export const define = () =>
  withAnswerer(
    new Command('explain')
      .description(
        'show which plugins a request would be sent to, in which order, and why, and what it would hold in memory',
      )
      .argument('[model]', 'id of the model (absent: the current one)')
      .option('--model <id>', 'the same')
      .option(
        '--request <json>',
        'also show what a request would hold in memory: the JSON of POST /api/images/generate, or "-" for stdin',
      )
      .addOption(
        new Option('--prefer <whom>', 'of those who have the model').choices([
          'cheapest',
          'fastest',
          'local',
        ] as const),
      )
      .option('--max-cost <dollars>', 'US dollars that the call may cost')
      .addOption(
        new Option('--fallback <who>', 'who may take over')
          .choices(['none', 'same-model', 'any'] as const)
          .default('any' as const),
      ),
  );
export type ExplainFlags = FlagsOf<typeof define>;
