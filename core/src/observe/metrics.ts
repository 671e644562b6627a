import { createRequire } from 'node:module';
import type * as Prometheus from 'prom-client';
import type { Events } from '../kernel/events.js';
import type { Registry } from '../kernel/registry/registry.js';

/** Loaded by the first kernel that counts: it takes as long as the kernel itself. */
const loadPrometheus = () => createRequire(import.meta.url)('prom-client') as typeof Prometheus;

/** Seconds: from a cached answer to a picture on a processor. */
const durationBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const breakerValues = { closed: 0, 'half-open': 1, open: 2 } as const;

/**
 * What a kernel counts, for Prometheus; in a registry of its own, so that several kernels live in one host.
 */
export class Metrics {
  readonly #prometheus = loadPrometheus();
  readonly #register = new this.#prometheus.Registry();

  constructor(events: Events, registry: Registry) {
    this.#countEvents(events);
    this.#watchPlugins(registry);
  }

  async print(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.#register.contentType, text: await this.#register.metrics() };
  }

  #countEvents(events: Events): void {
    const { Counter, Histogram } = this.#prometheus;
    const registers = [this.#register];
    const attempts = new Counter({
      name: 'easel_attempts_total',
      help: 'Tries of a plugin, by what came of them: ok, or the code of the error.',
      labelNames: ['plugin', 'pipeline_type', 'outcome'],
      registers,
    });
    const durations = new Histogram({
      name: 'easel_attempt_duration_seconds',
      help: 'How long tries took, waiting included.',
      labelNames: ['plugin', 'pipeline_type'],
      buckets: durationBuckets,
      registers,
    });
    const lifeCycle = new Counter({
      name: 'easel_plugin_events_total',
      help: 'Starts, failures, swaps and refusals of plugins.',
      labelNames: ['plugin', 'event'],
      registers,
    });
    events.on('attempt-ended', ({ plugin, pipelineType, outcome, durationMs }) => {
      attempts.inc({ plugin, pipeline_type: pipelineType, outcome });
      durations.observe({ plugin, pipeline_type: pipelineType }, durationMs / 1_000);
    });
    for (const event of [
      'plugin-ready',
      'plugin-failed',
      'plugin-quarantined',
      'plugin-swapped',
      'plugin-refused',
      'plugin-rolled-back',
      'circuit-open',
    ] as const)
      events.on(event, ({ plugin }) => lifeCycle.inc({ plugin, event }));
  }

  #watchPlugins(registry: Registry): void {
    const { Gauge } = this.#prometheus;
    const registers = [this.#register];
    const gauge = (name: string, help: string, read: (plugin: Registry['plugins'][number]) => number) =>
      new Gauge({
        name,
        help,
        labelNames: ['plugin'],
        registers,
        collect() {
          this.reset();
          for (const plugin of registry.plugins) this.set({ plugin: plugin.manifest.id }, read(plugin));
        },
      });
    gauge('easel_calls_in_flight', 'Calls that a plugin works on.', ({ inFlight }) => inFlight);
    gauge('easel_calls_queued', 'Calls that wait for a plugin.', ({ queued }) => queued);
    gauge('easel_plugin_ready', 'Whether a plugin runs: 1 or 0.', ({ supervisor }) =>
      supervisor.state === 'ready' ? 1 : 0,
    );
    gauge(
      'easel_plugin_resident_bytes',
      "Resident memory of a plugin's own process.",
      ({ supervisor }) => supervisor.run?.residentBytes ?? 0,
    );
    new Gauge({
      name: 'easel_circuit_state',
      help: 'State of a circuit: 0 closed, 1 half-open, 2 open.',
      labelNames: ['plugin', 'pipeline_type'],
      registers,
      collect() {
        this.reset();
        for (const { manifest, breakers } of registry.plugins)
          for (const [type, state] of Object.entries(breakers))
            this.set({ plugin: manifest.id, pipeline_type: type }, breakerValues[state]);
      },
    });
  }
}
