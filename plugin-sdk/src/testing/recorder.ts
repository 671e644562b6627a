import { inspect } from 'node:util';
import type { Logger, LogLevel } from '../plugin.js';

/** Something that a plugin let out, as text. */
export interface Said {
  /** For messages: "a log line", "a warning". */
  readonly where: string;
  readonly text: string;
}

/** Depth of objects and of causes that is looked into. */
const depth = 12;

/** Keeps everything that a plugin says, of all its starts and calls. */
export class Recorder {
  readonly said: Said[] = [];
  /** What calls threw that had not been aborted. */
  readonly thrown: unknown[] = [];
  readonly logger: Logger;

  constructor() {
    const write =
      (level: LogLevel): Logger[LogLevel] =>
      (message, details) =>
        this.record(`a log line (${level})`, details === undefined ? message : { message, details });
    this.logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  }

  /** Any value; errors with their stacks and causes. */
  record(where: string, value: unknown): void {
    const text = typeof value === 'string' ? value : inspect(value, { depth, maxStringLength: null });
    this.said.push({ where, text });
  }
}
