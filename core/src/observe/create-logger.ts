import { type DestinationStream, type Level, type Logger as PinoLogger, pino } from 'pino';
import type { HostLogger } from './plugin-logger.js';

export interface CreateLoggerOptions {
  /** Least level that is written. Absent: info. */
  readonly level?: Level | 'silent' | undefined;
  /** Where lines go. Absent: stdout. */
  readonly destination?: DestinationStream | undefined;
}

/** What must not be in a log, whoever writes it there. */
const hidden = ['authorization', 'apiKey', 'api_key', 'password', 'secret', 'token'];

/** A logger that writes JSON, a line an entry, with pino; a plugin's lines carry its id. */
export function createLogger({ level = 'info', destination }: CreateLoggerOptions = {}): HostLogger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: hidden.flatMap((name) => [name, `*.${name}`]), censor: '[hidden]' },
  };
  return fromPino(destination ? pino(options, destination) : pino(options));
}

/** The kernel's own interface to a pino logger that the host has already. */
export function fromPino(logger: PinoLogger): HostLogger {
  return {
    debug: (message, details = {}) => logger.debug(details, message),
    info: (message, details = {}) => logger.info(details, message),
    warn: (message, details = {}) => logger.warn(details, message),
    error: (message, details = {}) => logger.error(details, message),
    child: (details) => fromPino(logger.child(details)),
  };
}
