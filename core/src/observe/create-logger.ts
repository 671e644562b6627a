import { type DestinationStream, type Level, type Logger as PinoLogger, pino } from 'pino';
import type { HostLogger } from './plugin-logger.js';
import { prettyLine } from './pretty-line.js';

export interface CreateLoggerOptions {
  /** Least level that is written. Absent: info. */
  readonly level?: Level | 'silent' | undefined;
  /** JSON, a line an entry, or text for people. Absent: json. */
  readonly format?: 'json' | 'pretty' | undefined;
  /** Where lines go. Absent: stdout. */
  readonly destination?: DestinationStream | undefined;
}

/** What must not be in a log, whoever writes it there. */
const hidden = ['authorization', 'apiKey', 'api_key', 'password', 'secret', 'token'];

/** A logger that writes a line an entry, with pino; a plugin's lines carry its id. */
export function createLogger({ level = 'info', format, destination }: CreateLoggerOptions = {}): HostLogger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: hidden.flatMap((name) => [name, `*.${name}`]), censor: '[hidden]' },
  };
  const stream = format === 'pretty' ? prettyStream(destination) : destination;
  return fromPino(stream ? pino(options, stream) : pino(options));
}

function prettyStream(destination: DestinationStream = process.stdout): DestinationStream {
  const hasColours = destination === process.stdout && process.stdout.isTTY && process.stdout.hasColors();
  return { write: (line) => void destination.write(prettyLine(line, hasColours)) };
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
