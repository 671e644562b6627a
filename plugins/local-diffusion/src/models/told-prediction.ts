import type { PredictionType } from '../families/prediction-type.js';
import type { Checkpoint } from './checkpoint.js';

type Told = Pick<Checkpoint, 'schedulerConfig' | 'warnings'>;

/**
 * A scheduler's configuration with what the denoising network was said to predict, which comes before what
 * the files say.
 */
export function withPrediction(checkpoint: Told, told: PredictionType | undefined): Told {
  const { schedulerConfig, warnings } = checkpoint;
  if (told === undefined || typeof schedulerConfig !== 'object' || schedulerConfig === null)
    return checkpoint;
  if ('_class_name' in schedulerConfig && String(schedulerConfig._class_name).startsWith('FlowMatch')) {
    const message = 'predictionType had no effect: the model was trained as a flow.';
    return { schedulerConfig, warnings: [...warnings, message] };
  }
  return { schedulerConfig: { ...schedulerConfig, prediction_type: told }, warnings };
}
