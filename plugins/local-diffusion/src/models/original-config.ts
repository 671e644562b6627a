import { access } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readText } from '../checkpoint/read-file.js';
import type { PredictionType } from '../families/prediction-type.js';

/** What the configuration that a checkpoint was trained with says of it. */
export interface OriginalConfig {
  readonly file: string;
  /** Absent: it says nothing. */
  readonly predictionType?: PredictionType | undefined;
}

const parameters = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.looseObject({ params: z.looseObject(shape).nullish() }).nullish();

/** Keys of CompVis's and Stability's `latent-diffusion` and of Stability's `generative-models`. */
const schema = z.looseObject({
  model: parameters({
    parameterization: z.string().nullish(),
    denoiser_config: parameters({
      scaling_config: z.looseObject({ target: z.string().nullish() }).nullish(),
    }),
  }),
});

/**
 * Reads the `.yaml` that authors of checkpoints publish beside them, under the same name.
 *
 * @returns undefined where there is none
 * @throws ERR_MODEL_FILES_INVALID for one that cannot be read: the images would be noise
 */
export async function readOriginalConfig(path: string): Promise<OriginalConfig | undefined> {
  for (const extension of ['.yaml', '.yml']) {
    const file = path.replace(/\.[^./\\]+$/, extension);
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return { file, predictionType: predictionTypeOf(file, await readText(file)) };
  }
  return undefined;
}

function predictionTypeOf(file: string, text: string): PredictionType | undefined {
  try {
    const params = schema.parse(parse(text)).model?.params;
    const scaling = params?.denoiser_config?.params?.scaling_config?.target ?? '';
    if (params?.parameterization === 'v' || /\.VScaling/.test(scaling)) return 'v_prediction';
    if (params?.parameterization === 'eps' || /\.EpsScaling/.test(scaling)) return 'epsilon';
    return undefined;
  } catch (cause) {
    throw invalidFiles(
      `${file} cannot be read as the configuration of the model beside it.`,
      'Correct it, or move it away.',
      cause,
    );
  }
}
