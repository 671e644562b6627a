import { join } from 'node:path';
import { z } from 'zod';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readJson } from '../checkpoint/read-file.js';

/** The pipelines of diffusers that a folder may be of, and the family that their networks belong to. */
const families = {
  StableDiffusionPipeline: 'sd',
  StableDiffusionImg2ImgPipeline: 'sd',
  StableDiffusionInpaintPipeline: 'sd',
  LatentConsistencyModelPipeline: 'sd',
  LatentConsistencyModelImg2ImgPipeline: 'sd',
  StableDiffusionXLPipeline: 'sdxl',
  StableDiffusionXLImg2ImgPipeline: 'sdxl',
  StableDiffusionXLInpaintPipeline: 'sdxl',
} as const;

export type ModelFamily = (typeof families)[keyof typeof families];

/** What `model_index.json` says of a model. */
export interface PipelineIndex {
  readonly family: ModelFamily;
  /** SDXL: whether no negative prompt means zeros in place of the embedding of an empty text. */
  readonly zerosForNoNegativePrompt: boolean;
  /** SDXL: whether it has a first text encoder; the refiner has only the second. */
  readonly hasFirstTextEncoder: boolean;
}

const schema = z.looseObject({
  _class_name: z.string(),
  force_zeros_for_empty_prompt: z.boolean().default(true),
  /** Library and class of a part; nulls where the pipeline goes without it. */
  text_encoder: z.array(z.string().nullable()).default([]),
});

/**
 * Reads the `model_index.json` of a diffusers folder.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the file, where it is of no pipeline that is built
 */
export async function readPipelineIndex(folder: string): Promise<PipelineIndex> {
  const file = join(folder, 'model_index.json');
  const parsed = schema.safeParse(await readJson(file));
  if (!parsed.success) {
    const key = parsed.error.issues[0]?.path.join('.') || '_class_name';
    throw invalidFiles(`${file} has no valid "${key}", so it is not of a diffusers pipeline.`);
  }
  const { _class_name: className, ...flags } = parsed.data;
  // optimum and diffusers' old ONNX script put their own names in front.
  const name = className.replace(/^(ORT|Onnx)/, '');
  if (!Object.hasOwn(families, name)) {
    const known = Object.keys(families).join(', ');
    throw invalidFiles(`${file} is of a ${className}, which this engine cannot run.`, `It runs ${known}.`);
  }
  return {
    family: families[name as keyof typeof families],
    zerosForNoNegativePrompt: flags.force_zeros_for_empty_prompt,
    hasFirstTextEncoder: typeof flags.text_encoder[0] === 'string',
  };
}
