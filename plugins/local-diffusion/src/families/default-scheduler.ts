import { open } from 'node:fs/promises';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { SafetensorsFile, TensorLocation } from '../checkpoint/safetensors.js';
import { type Family, familyTitles } from './recognise.js';

export type PredictionType = 'epsilon' | 'v_prediction';

/** What a single file's denoising network predicts, and how that is known. */
export interface Prediction {
  readonly type: PredictionType;
  /** Whether it was trained down to pure noise (`rescale_betas_zero_snr`). */
  readonly zeroSnr: boolean;
  /** A sentence for the user where it had to be assumed. */
  readonly warning?: string;
}

/** Training steps that Stability's Stable Diffusion 2 files were saved at: 2.0 and 2.1 base, and 2.1 for 768 pixels. */
const baseStep = 875_000;
const steps768 = 110_000;

/**
 * Tells what a network predicts, which no shape does. In this order: marks of finetunes (an empty tensor `v_pred`, and `ztsnr` with it), what
 * the metadata say (`modelspec.prediction_type`, `modelspec.architecture`), and for Stable Diffusion 2 the step at which it was saved, as
 * diffusers decides (`single_file_utils.py`). A Stable Diffusion 2 file that says nothing is taken for v-prediction, as diffusers does, unless
 * it takes more than latents: inpainting and depth were trained from the base model. All others predict the noise.
 */
export async function predictionOf(
  path: string,
  { tensors, metadata }: SafetensorsFile,
  family: Family,
  inputChannels: number,
): Promise<Prediction> {
  const told = (type: PredictionType): Prediction => ({ type, zeroSnr: tensors.has('ztsnr') });
  if (tensors.has('v_pred')) return told('v_prediction');
  const declared = metadata.get('modelspec.prediction_type');
  if (declared !== undefined) return told(declared.startsWith('v') ? 'v_prediction' : 'epsilon');
  if (family !== 'stable-diffusion-2') return told('epsilon');

  const architecture = metadata.get('modelspec.architecture') ?? '';
  if (architecture.includes('v2-768-v')) return told('v_prediction');
  if (architecture.includes('v2-512')) return told('epsilon');
  const step = await readInteger(tensors.get('global_step'));
  if (step === baseStep) return told('epsilon');
  if (step === steps768) return told('v_prediction');
  if (inputChannels !== 4) return told('epsilon');
  return {
    ...told('v_prediction'),
    warning: `${path} does not say what it predicts. It was taken for v-prediction, as ${familyTitles[family]} for 768 pixels has it; if its pictures are noise, say that it predicts epsilon.`,
  };
}

/** A scalar of a whole number; `undefined` for none, and for other types. */
async function readInteger(location: TensorLocation | undefined): Promise<number | undefined> {
  if (location?.dtype !== 'I64' || location.length !== 8) return undefined;
  const bytes = Buffer.alloc(8);
  try {
    const handle = await open(location.file, 'r');
    await handle.read(bytes, 0, 8, location.offset).finally(() => handle.close());
  } catch (cause) {
    throw invalidFiles(`${location.file} cannot be read: ${(cause as Error).message}`, undefined, cause);
  }
  return Number(bytes.readBigInt64LE(0));
}

/** What all of Stable Diffusion was trained with. */
const training = {
  num_train_timesteps: 1000,
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  trained_betas: null,
  clip_sample: false,
  set_alpha_to_one: false,
  steps_offset: 1,
};

/**
 * The scheduler_config.json that the published model of a family has: PNDM for Stable Diffusion 1 and for 2 where it predicts noise, DDIM for
 * 2 with v-prediction, Euler for XL.
 */
export function defaultSchedulerConfig(
  family: Family,
  { type, zeroSnr }: Prediction,
): Readonly<Record<string, unknown>> {
  const config = { ...training, prediction_type: type };
  // Such models start from pure noise, which only the last training step is.
  const fromPureNoise = zeroSnr ? { rescale_betas_zero_snr: true, timestep_spacing: 'trailing' } : {};
  if (family.startsWith('stable-diffusion-xl')) {
    return {
      _class_name: 'EulerDiscreteScheduler',
      ...config,
      interpolation_type: 'linear',
      timestep_spacing: 'leading',
      use_karras_sigmas: false,
      ...fromPureNoise,
    };
  }
  const name = type === 'epsilon' ? 'PNDMScheduler' : 'DDIMScheduler';
  return { _class_name: name, ...config, skip_prk_steps: true, ...fromPureNoise };
}
