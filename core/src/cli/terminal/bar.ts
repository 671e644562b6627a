import type { SingleBar } from 'cli-progress';

/**
 * A bar of percent on stderr, cleared at the end. `format` is cli-progress's, with `{bar}` and fields of its
 * own.
 */
export async function startBar(format: string, fields: Readonly<Record<string, string>>): Promise<SingleBar> {
  const { default: progress } = await import('cli-progress');
  const bar = new progress.SingleBar({
    format,
    stream: process.stderr,
    barsize: 24,
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    clearOnComplete: true,
    hideCursor: true,
    linewrap: true,
    gracefulExit: false,
  });
  bar.start(100, 0, fields);
  return bar;
}
