import type { ImageRequest } from '@easel/plugin-sdk';
import type { AvailableModel } from '../../models/available-models.js';
import { foldSeed } from '../automatic1111/request.js';
import type { FieldNames } from '../field-names.js';
import type { FoundNode, NodeReader } from './node-reader.js';
import { scheduleOf } from './samplers.js';

/** Steps of the contract. */
const mostSteps = 1000;
const millionth = 1e-6;

export interface Sampling {
  readonly request: Pick<ImageRequest, 'steps' | 'sampler' | 'strength'>;
  readonly seed: number | undefined;
  /** Inputs of the sampler that have them. */
  readonly names: FieldNames;
}

/**
 * The steps, the sampler and the seed of a `KSampler` or `KSamplerAdvanced`.
 *
 * @param hasImage whether it begins with an image
 * @param model undefined: nothing is known of it
 * @throws UnsupportedNode for a part of the steps that Easel cannot make by itself
 */
export function readSampling(
  reader: NodeReader,
  sampler: FoundNode,
  hasImage: boolean,
  model: AvailableModel | undefined,
): Sampling {
  const isAdvanced = sampler.class_type === 'KSamplerAdvanced';
  const seedInput = isAdvanced ? 'noise_seed' : 'seed';
  const span = isAdvanced ? advancedSpan(reader, sampler, hasImage) : simpleSpan(reader, sampler, hasImage);
  const name = samplerOf(reader, sampler, model);
  const of = (input: string) => `${sampler.id}.${input}`;
  return {
    request: { ...span, ...(name === undefined ? {} : { sampler: name }) },
    seed: seedOf(reader, sampler, seedInput),
    names: {
      seed: of(seedInput),
      steps: of('steps'),
      sampler: of('sampler_name'),
      strength: of(isAdvanced ? 'start_at_step' : 'denoise'),
    },
  };
}

/**
 * ComfyUI makes all of `steps` from wherever `denoise` begins, and Easel, as diffusers, that share of them:
 * so many more are asked for.
 */
function simpleSpan(reader: NodeReader, sampler: FoundNode, hasImage: boolean) {
  const steps = Math.trunc(reader.number(sampler, 'steps'));
  const { denoise: given } = sampler.inputs;
  const strength = given === undefined || given === null ? 1 : Number(given);
  if (!hasImage) {
    if (strength !== 1) reader.ignore(sampler, 'denoise', 'there is no image to begin with');
    return { steps };
  }
  const all = strength === 0 ? steps : Math.ceil(steps / strength);
  if (all > mostSteps)
    reader.adapt(sampler, 'steps', `were fewer: of ${mostSteps} steps, the share that denoise says`);
  return { steps: Math.min(all, mostSteps), strength };
}

function advancedSpan(reader: NodeReader, sampler: FoundNode, hasImage: boolean) {
  const steps = Math.trunc(reader.number(sampler, 'steps'));
  const start = Math.trunc(reader.number(sampler, 'start_at_step'));
  if (reader.text(sampler, 'add_noise') === 'disable')
    throw reader.unsupported(sampler, 'add_noise', 'must be "enable": Easel goes on from no other sampler');
  if (reader.number(sampler, 'end_at_step') < steps)
    throw reader.unsupported(
      sampler,
      'end_at_step',
      `must be ${steps} or more: Easel makes all steps of an image in one go`,
    );
  if (!hasImage) {
    if (start > 0) reader.ignore(sampler, 'start_at_step', 'there is no image to begin with');
    return { steps };
  }
  // Rounded up, so that the share of the steps is no less than what is left of them.
  const share = Math.ceil(Math.max(0, steps - start) / steps / millionth) * millionth;
  return { steps, strength: Math.min(1, Number(share.toFixed(6))) };
}

function samplerOf(
  reader: NodeReader,
  sampler: FoundNode,
  model: AvailableModel | undefined,
): string | undefined {
  const [name, scheduler] = ['sampler_name', 'scheduler'];
  if (!model || model.supports.sampler) {
    const schedule = scheduleOf(model, reader.text(sampler, scheduler).trim());
    return `${reader.text(sampler, name).trim()} ${schedule}`.trim();
  }
  for (const input of [name, scheduler]) reader.ignore(sampler, input, `"${model.id}" does not take it`);
  return undefined;
}

function seedOf(reader: NodeReader, sampler: FoundNode, input: string): number | undefined {
  const given = reader.number(sampler, input);
  const seed = foldSeed(given);
  if (seed !== undefined && seed !== given)
    reader.adapt(
      sampler,
      input,
      `${given} was replaced by ${seed}, its lowest 32 bits: seeds are 32 bits wide`,
    );
  return seed;
}
