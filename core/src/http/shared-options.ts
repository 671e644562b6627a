import type { ImageRequest, Warning } from '@easel/plugin-sdk';
import type { AvailableModel } from '../models/available-models.js';

type SharedOption = AvailableModel['choices']['sharedOptions'][number];

/** Value of an option that was used; undefined where the model's plugin means something else by its name. */
export const readSharedOption = (
  name: SharedOption,
  options: Readonly<Record<string, unknown>> | undefined,
  model: AvailableModel | undefined,
): unknown => (model?.choices.sharedOptions.includes(name) ? options?.[name] : undefined);

/**
 * Options that the model's plugin has under names that mean the same everywhere; what it does not have is
 * told.
 */
export class SharedOptions {
  readonly warnings: Warning[] = [];
  readonly #options: Record<string, never> = {};

  constructor(private readonly model: AvailableModel | undefined) {}

  has(name: SharedOption): boolean {
    return this.model?.choices.sharedOptions.includes(name) ?? false;
  }

  set(name: SharedOption, value: unknown, parameter: string): void {
    if (this.has(name)) Object.assign(this.#options, { [name]: value });
    else {
      const message = `${parameter} had no effect: ${this.model ? `"${this.model.id}"` : 'the model'} does not take it.`;
      this.warnings.push({ code: 'parameter-dropped', parameter, message });
    }
  }

  get request(): Pick<ImageRequest, 'providerOptions'> {
    const plugin = this.model?.plugin;
    return plugin === undefined || Object.keys(this.#options).length === 0
      ? {}
      : { providerOptions: { [plugin]: this.#options } };
  }
}
