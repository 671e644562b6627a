import { createRequire } from 'node:module';
import type * as Prometheus from 'prom-client';
import type { ImageServiceManager } from '../../kernel/image-service-manager.js';
import type { GenerateOptions } from '../../kernel/routing/generate-options.js';
import type { ImageResult } from '../../results/image-result.js';

/** What the calls of a server have made and cost, by plugin, model and API key, and the hits of its cache. */
export class CallMetrics {
  readonly #images: Prometheus.Counter;
  readonly #cost: Prometheus.Counter;
  readonly #lookups: Prometheus.Counter;

  constructor(register: Prometheus.Registry) {
    const { Counter } = createRequire(import.meta.url)('prom-client') as typeof Prometheus;
    const registers = [register];
    const labelNames = ['plugin', 'model', 'key'];
    this.#images = new Counter({
      name: 'easel_images_total',
      help: 'Images that were made, by the id of the API key; empty where there is none.',
      labelNames,
      registers,
    });
    this.#cost = new Counter({
      name: 'easel_cost_total',
      help: 'What calls have cost as their plugins tell it, in units of the currency.',
      labelNames: [...labelNames, 'currency'],
      registers,
    });
    this.#lookups = new Counter({
      name: 'easel_cache_lookups_total',
      help: 'Looks for an earlier result: hit or miss.',
      labelNames: ['outcome'],
      registers,
    });
  }

  /** The same calls, counted. An earlier result that a call has found is neither made nor paid again. */
  count(generateImage: ImageServiceManager['generateImage']): ImageServiceManager['generateImage'] {
    return async (request, options = {}) => {
      let found: ImageResult | undefined;
      const findResult: GenerateOptions['findResult'] =
        options.findResult &&
        (async (identity) => {
          found = await options.findResult?.(identity);
          return found;
        });
      const result = await generateImage(request, { ...options, findResult });
      if (result !== found) this.#add(result, options.caller ?? '');
      return result;
    };
  }

  countLookup(outcome: 'hit' | 'miss'): void {
    this.#lookups.inc({ outcome });
  }

  #add({ images, cost, provenance: { plugin, model } }: ImageResult, key: string): void {
    const labels = { plugin: plugin.id, model, key };
    this.#images.inc(labels, images.length);
    if (cost) this.#cost.inc({ ...labels, currency: cost.currency }, cost.amount);
  }
}
