import { EaselError } from '@easel/plugin-sdk';
import { permissionHint } from './permission-hint.js';
import type { WireError } from './protocol.js';

/**
 * Any thrown value as it travels: an Easel error keeps its code, everything else becomes ERR_PLUGIN_FAILED.
 */
export function toWireError(thrown: unknown): WireError {
  if (EaselError.isInstance(thrown)) {
    return {
      code: thrown.code,
      message: thrown.message,
      hint: thrown.hint,
      ...(thrown.field === undefined ? {} : { field: thrown.field }),
      ...(thrown.retryAfterMs === undefined ? {} : { retryAfterMs: thrown.retryAfterMs }),
      ...(thrown.mayBePaid ? { mayBePaid: true } : {}),
    };
  }
  const hint = permissionHint(thrown);
  return {
    code: 'ERR_PLUGIN_FAILED',
    message: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** The error that a plugin sent, attributed to it. */
export function fromWireError(error: WireError, plugin: string): EaselError {
  return new EaselError({ ...error, plugin });
}

/** Whether the plugin has classified an error itself. */
export const isClassified = ({ code }: Pick<WireError, 'code'>): boolean => code !== 'ERR_PLUGIN_FAILED';
