import { Command, Option } from '@commander-js/extra-typings';
import { type FlagsOf, withServer } from '../options.js';

export const define = () =>
  withServer(
    new Command('costs')
      .description('show what calls of the server have cost, and what is left of its budgets')
      .addOption(
        new Option('--by <what>', 'what is summed up')
          .choices(['provider', 'model', 'key', 'day'] as const)
          .default('provider' as const),
      )
      .option('--days <count>', 'how many days back, today included', '30'),
  );
export type CostsFlags = FlagsOf<typeof define>;
