import { inject, injectable } from 'tsyringe';
import { Events } from '../events.js';
import { LatencyRecord } from '../guard/latency.js';

/** How long plugins take for each model, as callers see it: by the calls that went well, waiting included. */
@injectable()
export class Latencies {
  readonly #records = new Map<string, LatencyRecord>();

  constructor(@inject(Events) events: Events) {
    events.on('attempt-ended', ({ plugin, model, outcome, durationMs }) => {
      if (outcome !== 'ok') return;
      const key = keyOf(plugin, model);
      const record = this.#records.get(key) ?? new LatencyRecord();
      record.record(durationMs);
      this.#records.set(key, record);
    });
  }

  /** The median of the last hundred calls, in milliseconds. Undefined: there was none. */
  medianMs(plugin: string, model: string): number | undefined {
    return this.#records.get(keyOf(plugin, model))?.latency?.medianMs;
  }
}

const keyOf = (plugin: string, model: string): string => `${plugin} ${model}`;
