import { exitStatus } from './exit-status.js';

/** Replaces control characters, which a terminal would obey; texts come from plugins, providers and files. */
export const printable = (text: string) => text.replace(/(?![\t\n])\p{Cc}/gu, '\u{fffd}');

/** A line of the answer, on stdout. */
export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** A line about the answer, for people, on stderr. */
export function printNote(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** One JSON document on stdout. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2));
}

let hasFailedToWrite = false;

/**
 * A reader that goes away early (`| head`) is not an error, and the work goes on: pictures are still written.
 * A full disk is one.
 */
export function outliveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      hasFailedToWrite ||= error.code !== 'EPIPE';
    });
  }
}

/** Ends the process once everything has been written, or has failed to be: streams tell that a turn later. */
export function exitWhenWritten(status: number): void {
  const exit = () => process.exit(hasFailedToWrite && status === exitStatus.ok ? exitStatus.failed : status);
  process.stdout.write('', () => process.stderr.write('', () => setImmediate(exit)));
}
