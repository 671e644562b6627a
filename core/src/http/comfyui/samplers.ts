import { normaliseSamplerName } from '@easel/plugin-sdk';
import type { AvailableModel } from '../../models/available-models.js';

/** Where ComfyUI's name of a sampler is another than that of all others. */
const comfyNames: Readonly<Record<string, string>> = {
  euler_a: 'euler_ancestral',
  dpm2: 'dpm_2',
  dpm2_a: 'dpm_2_ancestral',
  dpmpp_2s_a: 'dpmpp_2s_ancestral',
  unipc: 'uni_pc',
};

/** The schedule that ComfyUI calls "beta"; that of all others is spaced in sigma. */
const comfyBeta = 'beta_timesteps';

const unique = (names: readonly string[]): string[] => [...new Set(names)];

/** The samplers of the models, by ComfyUI's names. */
export const samplersOf = (models: readonly AvailableModel[]): string[] =>
  unique(
    ['euler', ...models.flatMap(({ choices }) => choices.samplers)].map((label) => {
      const name = normaliseSamplerName(label);
      return comfyNames[name] ?? name;
    }),
  );

/** Their schedules. "normal" is what graphs have where nobody chose one. */
export const schedulersOf = (models: readonly AvailableModel[]): string[] =>
  unique(['normal', ...models.flatMap(schedulesOf).map((name) => (name === comfyBeta ? 'beta' : name))]);

/** What a model calls a schedule of ComfyUI's. */
export const scheduleOf = (model: AvailableModel | undefined, scheduler: string): string =>
  scheduler === 'beta' && model && schedulesOf(model).includes(comfyBeta) ? comfyBeta : scheduler;

const schedulesOf = ({ choices }: AvailableModel): string[] => choices.schedules.map(normaliseSamplerName);
