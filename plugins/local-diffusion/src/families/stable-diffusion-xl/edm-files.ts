import { readFloats, readNumber } from '../../checkpoint/float-values.js';
import type { SafetensorsFile } from '../../checkpoint/safetensors.js';
import type { Json } from '../single-file-layout.js';

/** CosXL and its finetunes: the largest sigma that they were trained on. */
const cosineMark = 'edm_vpred.sigma_max';

/**
 * By how much Playground v2.5 scales its latents, beside the mean and the deviation of each channel.
 * diffusers: `single_file_utils.py`.
 */
const playgroundScaling = 0.5;

/**
 * The `scheduler_config.json` of a file that says by its tensors that it was trained with EDM's
 * preconditioning: Playground v2.5 (`edm_mean`) or CosXL (`edm_vpred.sigma_max`). As their published folders
 * have it.
 *
 * @returns undefined for all others
 */
export async function edmSchedulerConfig({ tensors }: SafetensorsFile): Promise<Json | undefined> {
  const largest = tensors.get(cosineMark);
  const smallest = tensors.get('edm_vpred.sigma_min');
  if (largest) {
    return {
      _class_name: 'EDMEulerScheduler',
      prediction_type: 'v_prediction',
      sigma_data: 1,
      sigma_schedule: 'exponential',
      sigma_max: await readNumber(largest),
      sigma_min: smallest ? await readNumber(smallest) : 0.002,
    };
  }
  if (!tensors.has('edm_mean')) return undefined;
  return {
    _class_name: 'EDMDPMSolverMultistepScheduler',
    prediction_type: 'epsilon',
    sigma_data: 0.5,
    sigma_schedule: 'karras',
    sigma_max: 80,
    sigma_min: 0.002,
    rho: 7,
    algorithm_type: 'dpmsolver++',
    solver_order: 2,
  };
}

/** Mean and deviation of the latents of Playground v2.5, which its file has beside the autoencoder. */
export async function edmConfigs({ tensors }: SafetensorsFile): Promise<Readonly<Record<string, Json>>> {
  const [mean, deviation] = [tensors.get('edm_mean'), tensors.get('edm_std')];
  if (!mean || !deviation) return {};
  const [latents_mean, latents_std] = [[...(await readFloats(mean))], [...(await readFloats(deviation))]];
  return { vae: { latents_mean, latents_std, scaling_factor: playgroundScaling } };
}
