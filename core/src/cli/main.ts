/**
 * The `easel` command. The kernel is loaded by the commands that need it, when they need it.
 *
 * @module
 */
import { CommanderError } from '@commander-js/extra-typings';
import { createProgram } from './program.js';
import { exitStatus } from './terminal/exit-status.js';
import { exitWhenWritten, outliveClosedPipes } from './terminal/output.js';
import { reportError } from './terminal/report-error.js';
import { UsageError } from './terminal/usage-error.js';

let status: number = exitStatus.ok;
const program = createProgram((ended) => {
  status = ended;
});

/**
 * Commander's errors are about the command line, except for `--help` and `--version`, which it ends by
 * throwing, too.
 */
async function reportThrown(thrown: unknown, words: readonly string[]): Promise<number> {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitStatus.ok;
  // No command at all: the help has been printed.
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') return exitStatus.usage;
  const isExcess =
    thrown instanceof CommanderError &&
    thrown.code === 'commander.excessArguments' &&
    thrown.message.includes("for 'generate'");
  const error =
    thrown instanceof CommanderError
      ? new UsageError(
          thrown.message.replace(/^error: /, ''),
          isExcess ? 'Put quotes around the prompt.' : undefined,
        )
      : thrown;
  return await reportError(error, {
    isJson: words.includes('--json'),
    isVerbose: words.includes('--verbose'),
  });
}

outliveClosedPipes();
const words = process.argv.slice(2);
const end = words.indexOf('--');
try {
  await program.parseAsync(process.argv);
} catch (thrown) {
  status = await reportThrown(thrown, end < 0 ? words : words.slice(0, end));
}
exitWhenWritten(status);
