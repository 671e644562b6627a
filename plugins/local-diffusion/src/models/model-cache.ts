import type { NetworkMemory } from '../session/network-memory.js';
import { fingerprint } from './fingerprint.js';
import type { ModelFiles } from './model-files.js';
import { openModel } from './open-model.js';
import type { OpenedModel } from './opened-model.js';

/**
 * What is kept of a model that is not running is its graphs and vocabulary, some megabytes; its networks have
 * a budget of their own.
 */
const keptModels = 8;

interface Kept {
  readonly model: OpenedModel;
  /** Of its files when they were read. */
  readonly fingerprint: string;
}

/** Keeps the models that were used last ready, and reads one again whose files have changed. */
export class ModelCache {
  readonly #memory: NetworkMemory;
  /** By the files they are made of; the one that was used last is the last. */
  readonly #models = new Map<string, Kept>();
  /** What `auto` has become, by what was asked for. */
  readonly #settled = new Map<string, ModelFiles>();

  constructor(memory: NetworkMemory) {
    this.#memory = memory;
  }

  /** @throws ERR_MODEL_FILES_INVALID for files that are missing, damaged or do not fit each other */
  async get(files: ModelFiles): Promise<OpenedModel> {
    const asked = this.#settled.get(keyOf(files)) ?? files;
    const kept = await this.#unchanged(keyOf(asked));
    const model = kept?.model ?? (await openModel(asked, { memory: this.#memory }));
    const settled = asked.arithmetic === 'auto' ? { ...asked, arithmetic: model.arithmetic } : asked;
    const key = keyOf(settled);
    if (settled !== asked) {
      this.#settled.set(keyOf(files), settled);
      await this.#drop(key);
    }
    this.#models.delete(key);
    this.#models.set(key, kept ?? { model, fingerprint: await fingerprint(model.files) });
    for (const oldest of [...this.#models.keys()].slice(0, -keptModels)) await this.#drop(oldest);
    return model;
  }

  async clear(): Promise<void> {
    for (const key of [...this.#models.keys()]) await this.#drop(key);
  }

  async #unchanged(key: string): Promise<Kept | undefined> {
    const kept = this.#models.get(key);
    if (!kept || kept.fingerprint === (await fingerprint(kept.model.files))) return kept;
    await this.#drop(key);
    return undefined;
  }

  async #drop(key: string): Promise<void> {
    const kept = this.#models.get(key);
    this.#models.delete(key);
    await kept?.model.release();
  }
}

const keyOf = ({ path, vae, loras, controlNets, tinyDecoder, ...settings }: ModelFiles): string =>
  JSON.stringify([
    ...[path, vae, loras, controlNets, tinyDecoder],
    ...[settings.predictionType, settings.arithmetic],
  ]);
