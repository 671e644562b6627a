import { EaselError, type Manifest } from '@easel/plugin-sdk';

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

/** One change of state. */
export interface StateChange {
  readonly plugin: string;
  readonly version: string;
  readonly from: PluginState;
  /** Why it failed, or was quarantined. Absent: nothing went wrong. */
  readonly error?: EaselError;
}

/** The state of a plugin, which changes only along legal moves. */
export class StateMachine {
  readonly #manifest: Pick<Manifest, 'id' | 'version'>;
  readonly #onChange: (to: PluginState, change: StateChange) => void;
  #current: PluginState;

  constructor(
    manifest: Pick<Manifest, 'id' | 'version'>,
    initial: PluginState,
    onChange: (to: PluginState, change: StateChange) => void,
  ) {
    this.#manifest = manifest;
    this.#current = initial;
    this.#onChange = onChange;
  }

  get current(): PluginState {
    return this.#current;
  }

  /** Throws ERR_INTERNAL where the move is not legal. */
  move(to: PluginState, error?: EaselError): void {
    const { id: plugin, version } = this.#manifest;
    const from = this.#current;
    if (!(moves[from] as readonly string[]).includes(to))
      throw new EaselError({
        code: 'ERR_INTERNAL',
        plugin,
        message: `The plugin "${plugin}" may not go from ${from} to ${to}.`,
      });
    this.#current = to;
    this.#onChange(to, { plugin, version, from, ...(error ? { error } : {}) });
  }
}
