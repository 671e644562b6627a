import { EaselError } from '@easel/plugin-sdk';

/** Legal moves between the states of a plugin that was accepted; anything else is a defect of the kernel. */
const moves = {
  idle: ['starting', 'disabled', 'stopped'],
  starting: ['ready', 'failed'],
  ready: ['failed', 'draining'],
  failed: ['starting', 'backoff', 'quarantined', 'disabled', 'stopped'],
  backoff: ['starting', 'disabled', 'stopped'],
  quarantined: ['idle', 'disabled', 'stopped'],
  draining: ['idle', 'disabled', 'stopped'],
  disabled: ['idle', 'stopped'],
  stopped: [],
} as const satisfies Record<string, readonly string[]>;

export type PluginState = keyof typeof moves;

export function assertMove(plugin: string, from: PluginState, to: PluginState): void {
  if ((moves[from] as readonly string[]).includes(to)) return;
  throw new EaselError({
    code: 'ERR_INTERNAL',
    plugin,
    message: `The plugin "${plugin}" may not go from ${from} to ${to}.`,
  });
}
