import { stripVTControlCharacters } from 'node:util';
import type { Logger, LogLevel } from '@easel/plugin-sdk';

/** What takes the kernel's lines: message first, then details. */
export interface HostLogger extends Logger {
  /** A logger that adds the details to each of its lines. Absent: the kernel adds them itself. */
  child?(details: Readonly<Record<string, unknown>>): HostLogger;
}

export const silentLogger: HostLogger = { debug() {}, info() {}, warn() {}, error() {} };

export type WriteLog = (
  level: LogLevel,
  message: string,
  details?: Readonly<Record<string, unknown>>,
) => void;

export const asLogger = (write: WriteLog): Logger => ({
  debug: (message, details) => write('debug', message, details),
  info: (message, details) => write('info', message, details),
  warn: (message, details) => write('warn', message, details),
  error: (message, details) => write('error', message, details),
});

/** A logger whose lines carry the details, whatever else they are given. */
export function childLogger(host: HostLogger, details: Readonly<Record<string, unknown>>): HostLogger {
  return (
    host.child?.(details) ?? asLogger((level, message, more) => host[level](message, { ...more, ...details }))
  );
}

/**
 * Passes a plugin's lines to its logger, secrets replaced and without the colours that native libraries add,
 * and to whoever listens. A logger that throws harms nobody.
 *
 * @param onLine told of each line as it is written. Absent: nobody is told
 */
export function createPluginLog(
  logger: HostLogger,
  redact: (text: string) => string,
  onLine: WriteLog = () => {},
): WriteLog {
  return (level, message, details) => {
    try {
      const safeDetails =
        details === undefined ? {} : (JSON.parse(redact(JSON.stringify(details))) as Record<string, unknown>);
      const text = redact(stripVTControlCharacters(message));
      onLine(level, text, safeDetails);
      logger[level](text, safeDetails);
    } catch {
      // Details that are not JSON, or a throwing logger: a log line is not worth a call.
    }
  };
}
