import type { Logger, LogLevel } from '@easel/plugin-sdk';

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

export type WriteLog = (
  level: LogLevel,
  message: string,
  details?: Readonly<Record<string, unknown>>,
) => void;

/** Passes a plugin's lines to the host's logger under the plugin's name, secrets replaced. A host logger that throws harms nobody. */
export function createPluginLog(host: Logger, plugin: string, redact: (text: string) => string): WriteLog {
  return (level, message, details) => {
    try {
      const safeDetails =
        details === undefined ? {} : (JSON.parse(redact(JSON.stringify(details))) as Record<string, unknown>);
      host[level](redact(message), { ...safeDetails, plugin });
    } catch {
      // Details that are no JSON, or a throwing logger: a log line is not worth a call.
    }
  };
}

export const asLogger = (write: WriteLog): Logger => ({
  debug: (message, details) => write('debug', message, details),
  info: (message, details) => write('info', message, details),
  warn: (message, details) => write('warn', message, details),
  error: (message, details) => write('error', message, details),
});
