import { open } from 'node:fs/promises';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import type { SafetensorsFile, TensorLocation } from '../../checkpoint/safetensors.js';
import { type Prediction, predicts } from '../components/trained-schedule.js';
import { unetMark } from '../components/unet-file.js';

/**
 * Training steps that Stability's Stable Diffusion 2 files were saved at: 2.0 and 2.1 base, and 2.1 for 768
 * pixels.
 */
const baseStep = 875_000;
const steps768 = 110_000;

/**
 * Tells what a file of Stable Diffusion 2 predicts that does not declare it, by the architecture in its
 * metadata or the step at which it was saved, as diffusers decides (`single_file_utils.py`). A file that says
 * nothing is taken for v-prediction, as diffusers does, unless it takes more than latents: inpainting and
 * depth were trained from the base model.
 */
export async function secondPrediction(path: string, file: SafetensorsFile): Promise<Prediction> {
  const architecture = file.metadata.get('modelspec.architecture') ?? '';
  if (architecture.includes('v2-768-v')) return predicts('v_prediction', file);
  if (architecture.includes('v2-512')) return predicts('epsilon', file);
  const step = await readInteger(file.tensors.get('global_step'));
  if (step === baseStep) return predicts('epsilon', file);
  if (step === steps768) return predicts('v_prediction', file);
  if (file.tensors.get(unetMark)?.shape[1] !== 4) return predicts('epsilon', file);
  return {
    ...predicts('v_prediction', file),
    warning: `${path} does not say what it predicts. It was taken for v-prediction, as Stable Diffusion 2 for 768 pixels has it. If its images are noise, set the option predictionType to "epsilon".`,
  };
}

/** A scalar of a whole number; undefined for none, and for other types. */
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
