import { EaselError } from '@easel/plugin-sdk';
import { crashLimit, crashWindowMs } from './crash-budget.js';

/** Why a plugin takes no calls, as its callers are told. */
export const refusals = {
  stopped: (plugin: string) =>
    new EaselError({
      code: 'ERR_KERNEL_CLOSED',
      plugin,
      message: `The plugin "${plugin}" has been stopped.`,
    }),

  disabled: (plugin: string) =>
    new EaselError({ code: 'ERR_PLUGIN_DISABLED', plugin, message: `The plugin "${plugin}" is disabled.` }),

  quarantined: (plugin: string, { message, hint }: { message: string; hint: string }, leftMs: number) =>
    new EaselError({
      code: 'ERR_PLUGIN_QUARANTINED',
      plugin,
      message: `The plugin "${plugin}" crashed ${crashLimit} times within ${crashWindowMs / 60_000} min and is left alone for ${Math.ceil(leftMs / 60_000)} min; the last time: ${message}`,
      hint: `${hint} Then enable it again, or wait: it is tried anew by itself.`,
      retryAfterMs: leftMs,
    }),
};
