import { EventEmitter } from 'node:events';
import type { EaselError, ErrorCode, LogLevel } from '@easel/plugin-sdk';
import { inject, injectable } from 'tsyringe';
import type { HostLogger } from '../observe/plugin-logger.js';
import type { BreakerState } from './guard/breaker.js';
import type { PluginState, StateChange } from './supervisor/states.js';
import { tokens } from './tokens.js';

/** One version of a plugin. */
export interface PluginEvent {
  readonly plugin: string;
  readonly version: string;
}

export type PluginStateEvent = StateChange;

export interface PluginLogEvent extends PluginEvent {
  readonly level: LogLevel;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface CircuitEvent extends PluginEvent {
  readonly pipelineType: string;
  /** The failure that opened it. Absent: it has not opened, or nobody knows. */
  readonly error?: EaselError | undefined;
}

/** One try of one plugin, from the moment when it was asked to its answer. */
export interface AttemptEvent extends PluginEvent {
  readonly model: string;
  readonly pipelineType: string;
  readonly outcome: 'ok' | ErrorCode;
  /** Milliseconds, waiting included. */
  readonly durationMs: number;
}

/** What a kernel tells, by the name of the event. */
export type KernelEvents = {
  /** It has come to be in that state, such as `plugin-ready` or `plugin-quarantined`. */
  [State in PluginState as `plugin-${State}`]: PluginStateEvent;
} & {
  /** The circuit of a plugin and pipeline type has changed, such as `circuit-open`. */
  [State in BreakerState as `circuit-${State}`]: CircuitEvent;
} & {
  'plugin-added': PluginEvent;
  /** A line of its log, without its secrets. */
  'plugin-log': PluginLogEvent;
  /** It has taken the place of the version `before`. */
  'plugin-swapped': PluginEvent & { readonly before: string };
  /** A version on disk that was not taken; the one that works stays. */
  'plugin-refused': PluginEvent & { readonly error: EaselError };
  /** It has failed in its probation, and the version `to` is back. */
  'plugin-rolled-back': PluginEvent & { readonly to: string; readonly error: EaselError };
  'plugin-removed': PluginEvent;
  'attempt-ended': AttemptEvent;
  'configuration-changed': Readonly<Record<never, never>>;
  /** What the file says does not validate; the last good configuration stays. */
  'configuration-refused': { readonly error: EaselError };
};

export type KernelEventName = keyof KernelEvents;
export type KernelListener<Name extends KernelEventName> = (event: KernelEvents[Name]) => void;

/**
 * Tells whoever listens. A listener that throws is told of in the log, and harms neither the kernel nor other
 * listeners.
 */
@injectable()
export class Events {
  readonly #emitter = new EventEmitter();
  readonly #logger: HostLogger;

  constructor(@inject(tokens.logger) logger: HostLogger) {
    this.#logger = logger;
    // As many listeners as a host wants; each is taken off by its own function.
    this.#emitter.setMaxListeners(0);
  }

  /**
   * Calls the listener for each such event from now on; the function that it answers takes the listener off
   * again.
   */
  on<Name extends KernelEventName>(name: Name, listener: KernelListener<Name>): () => void {
    const guarded = (event: KernelEvents[Name]) => {
      try {
        listener(event);
      } catch (error) {
        this.#logger.warn(`A listener of "${name}" threw: ${String(error)}`);
      }
    };
    this.#emitter.on(name, guarded);
    return () => void this.#emitter.off(name, guarded);
  }

  emit<Name extends KernelEventName>(name: Name, event: KernelEvents[Name]): void {
    this.#emitter.emit(name, event);
  }
}
