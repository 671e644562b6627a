import type { Logger, LogLevel } from '@easel/plugin-sdk';
import { printNote } from './output.js';

/** The kernel's and the plugins' log lines on stderr, for `--verbose`. */
export function createStderrLogger(): Logger {
  const write =
    (level: LogLevel): Logger[LogLevel] =>
    (message, details = {}) => {
      const { plugin, ...others } = details;
      const rest = Object.keys(others).length === 0 ? '' : ` ${JSON.stringify(others)}`;
      printNote(`${level} ${plugin === undefined ? '' : `${plugin}: `}${message}${rest}`);
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
