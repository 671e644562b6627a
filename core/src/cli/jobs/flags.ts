import { Command } from '@commander-js/extra-typings';
import { type FlagsOf, withServer } from '../options.js';

export const list = (name: 'jobs' | 'list') =>
  withServer(
    new Command(name)
      .description('list the newest jobs of the server, or show one')
      .argument('[id]', 'id of the job to show')
      .option('--limit <count>', 'how many', '20'),
  );
export type JobsFlags = FlagsOf<typeof list>;

export const cancel = () =>
  withServer(
    new Command('cancel').description('cancel a job that has not ended').argument('<id>', 'id of the job'),
  );
export type CancelJobFlags = FlagsOf<typeof cancel>;
