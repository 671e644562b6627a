import type { TensorLocation } from '../checkpoint/safetensors.js';
import { clipTensors, openClipTensors } from './components/original-text-names.js';
import { originalLayersPerLevel, unetPathOf } from './components/original-unet-names.js';
import { originalVaeLevels, vaePathOf } from './components/original-vae-names.js';

type Tensors = ReadonlyMap<string, TensorLocation>;

/** The networks inside of a single file, their tensors under the names that diffusers and transformers give them. */
export interface SingleFileParts {
  readonly unet?: Tensors;
  readonly vae?: Tensors;
  /** CLIP-L of Stable Diffusion 1 and XL, OpenCLIP of Stable Diffusion 2. */
  readonly textEncoder?: Tensors;
  /** OpenCLIP bigG of Stable Diffusion XL and its refiner, which has no other. */
  readonly textEncoder2?: Tensors;
}

/** Stable Diffusion 2 reads the text before the last of OpenCLIP's 24 blocks, so that diffusers leaves it out. */
const stableDiffusion2Blocks = 23;

/**
 * Takes a checkpoint of the original layout apart: `model.diffusion_model`, `first_stage_model`, and `cond_stage_model` (Stable Diffusion
 * 1 and 2) or `conditioner.embedders` (XL). Whatever else is in it (schedules, moving averages, optimisers) is left out.
 */
export function singleFileParts(tensors: Tensors): SingleFileParts {
  const below = (prefix: string) => withPrefix(tensors, prefix);
  const clip = clipTensors(
    new Map([...below('cond_stage_model.transformer.'), ...below('conditioner.embedders.0.transformer.')]),
  );
  const openClip = openClipTensors(below('cond_stage_model.model.'), {
    blocks: stableDiffusion2Blocks,
    projection: false,
  });
  const bigOpenClip = openClipTensors(
    new Map([...below('conditioner.embedders.0.model.'), ...below('conditioner.embedders.1.model.')]),
    { projection: true },
  );
  return {
    ...part('unet', unetTensors(below('model.diffusion_model.'))),
    ...part('vae', vaeTensors(below('first_stage_model.'))),
    ...part('textEncoder', clip.size > 0 ? clip : openClip),
    ...part('textEncoder2', bigOpenClip),
  };
}

/**
 * The tensors of an autoencoder in a file of its own, under diffusers' names: with the prefix `first_stage_model`, with none, or with
 * diffusers' names already. Empty when the file has no autoencoder.
 */
export function singleFileVae(tensors: Tensors): Tensors {
  const prefixed = vaeTensors(withPrefix(tensors, 'first_stage_model.'));
  if (prefixed.size > 0) return prefixed;
  const hasDiffusersNames = [...tensors.keys()].some((name) => name.includes('coder.mid_block.'));
  return hasDiffusersNames ? tensors : vaeTensors(tensors);
}

/** Those of `tensors` that `pathOf` has a path for, by that path. */
function renamed(tensors: Tensors, pathOf: (name: string) => string | undefined): Tensors {
  const entries = [...tensors].map(([name, location]) => [pathOf(name), location] as const);
  return new Map(entries.filter((entry): entry is [string, TensorLocation] => entry[0] !== undefined));
}

function unetTensors(tensors: Tensors): Tensors {
  const layers = originalLayersPerLevel(tensors.keys());
  return renamed(tensors, (name) => unetPathOf(name, layers));
}

function vaeTensors(tensors: Tensors): Tensors {
  const levels = originalVaeLevels(tensors.keys());
  return renamed(tensors, (name) => vaePathOf(name, levels));
}

function withPrefix(tensors: Tensors, prefix: string): Tensors {
  const entries = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(entries.map(([name, location]) => [name.slice(prefix.length), location]));
}

const part = <Name extends string>(name: Name, tensors: Tensors) =>
  (tensors.size > 0 ? { [name]: tensors } : {}) as { [key in Name]?: Tensors };
