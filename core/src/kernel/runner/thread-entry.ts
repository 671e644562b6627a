/**
 * The main module of a plugin's thread. It speaks the wire protocol with the thread that made it.
 *
 * @module
 */
import { Writable } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import type { LogLevel } from '@easel/plugin-sdk';
import { LineSplitter } from './line-reader.js';
import { LogLimit, slowerPace } from './log-limit.js';
import type { Reply } from './protocol.js';
import { servePlugin } from './serve-plugin.js';
import { ThreadPort } from './thread-port.js';

export interface ThreadData {
  readonly logLinesPerSecond: number;
}

if (!parentPort) throw new Error('thread-entry is the main module of a worker thread');
const port = new ThreadPort(parentPort, 'plugin');
const output = new LogLimit(
  (level, message) => port.send({ type: 'log', level, message } satisfies Reply),
  (workerData as ThreadData).logLinesPerSecond,
  slowerPace,
);

/**
 * What the plugin prints becomes lines of its log, at once: nothing piles up in the thread while it does not
 * yield.
 */
function capture(name: 'stdout' | 'stderr', level: LogLevel): void {
  const lines = new LineSplitter((line) => output.write(level, line));
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk);
      done();
    },
  });
  Object.defineProperty(process, name, { value: stream, configurable: true, enumerable: true });
  process.once('exit', () => lines.end());
}
capture('stdout', 'info');
capture('stderr', 'warn');
process.once('exit', () => output.flush());

// In a worker this ends the thread alone.
servePlugin(port, (status) => process.exit(status));
