import type { Finish } from '../options.js';
import { cancel, list } from './flags.js';

/** `easel jobs` and the commands below it. They take flags of `jobs` wherever those stand. */
export const jobsCommand = (finish: Finish) =>
  list('jobs')
    .helpCommand(false)
    .action(async (id, flags) => finish(await (await import('./jobs.js')).showJobs(id, flags)))
    .addCommand(
      list('list').action(async (id, _, command) =>
        finish(await (await import('./jobs.js')).showJobs(id, command.optsWithGlobals())),
      ),
    )
    .addCommand(
      cancel().action(async (id, _, command) =>
        finish(await (await import('./jobs.js')).cancelJob(id, command.optsWithGlobals())),
      ),
    );
