import type { SafetensorsFile } from '../../checkpoint/safetensors.js';
import type { PredictionType } from '../prediction-type.js';
import type { Json } from '../single-file-layout.js';

/** What a single file's denoising network predicts, and how that is known. */
export interface Prediction {
  readonly type: PredictionType;
  /** Whether it was trained down to pure noise (`rescale_betas_zero_snr`). */
  readonly zeroSnr: boolean;
  /** A sentence for the user where it had to be assumed. */
  readonly warning?: string;
}

/** A prediction, with the mark of finetunes that were trained down to pure noise: an empty tensor `ztsnr`. */
export const predicts = (type: PredictionType, { tensors }: SafetensorsFile): Prediction => ({
  type,
  zeroSnr: tensors.has('ztsnr'),
});

/**
 * What a file says that it predicts, which no shape does: an empty tensor `v_pred`, a mark of finetunes, or
 * the metadata's `modelspec.prediction_type`.
 *
 * @param told what was said of it apart, which comes first; undefined where nothing was
 * @returns undefined where it says nothing
 */
export function declaredPrediction(
  file: SafetensorsFile,
  told: PredictionType | undefined,
): Prediction | undefined {
  if (told) return predicts(told, file);
  if (file.tensors.has('v_pred')) return predicts('v_prediction', file);
  const declared = file.metadata.get('modelspec.prediction_type');
  return declared === undefined
    ? undefined
    : predicts(declared.startsWith('v') ? 'v_prediction' : 'epsilon', file);
}

/**
 * The training of latent diffusion models since CompVis's (`scheduler_config.json` of their published
 * folders).
 */
const training = {
  num_train_timesteps: 1000,
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  trained_betas: null,
  clip_sample: false,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
};

/**
 * The `scheduler_config.json` of a model that was trained on scaled linear betas.
 *
 * @param className of the scheduler that the published model has
 * @param own what its config has beside the training
 */
export function schedulerConfigOf(className: string, { type, zeroSnr }: Prediction, own: Json): Json {
  return {
    _class_name: className,
    ...training,
    prediction_type: type,
    ...own,
    // Such models start from pure noise, which only the last training step is.
    ...(zeroSnr && { rescale_betas_zero_snr: true, timestep_spacing: 'trailing' }),
  };
}
