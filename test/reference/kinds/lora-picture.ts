import { z } from 'zod';
import { openModel } from '../../../plugins/local-diffusion/src/models/open-model.js';
import { generatePictures } from '../../../plugins/local-diffusion/src/pipelines/generate-pictures.js';
import type { CaseOutcome } from '../case.js';
import { pipelineCaseSchema, requestOf } from '../pipeline-case.js';
import { readTensors } from '../tensors.js';
import { pictureOutcome } from './picture-outcome.js';

const imageSchema = z.object({
  prompt: z.string(),
  negative_prompt: z.string(),
  steps: z.number(),
  scheduler: z.literal('default PNDM'),
  guidance_scale: z.number(),
  seed: z.number(),
  size: z.tuple([z.literal(64), z.literal(64)]),
  lora_scale: z.number(),
  tensor: z.string(),
});

/** One picture with a LoRA of the weight that `image` says, over the folder `base`. */
export async function compareLoraPicture(
  base: string,
  lora: string,
  image: unknown,
  tensorFile: string,
): Promise<CaseOutcome> {
  const { prompt, negative_prompt, steps, guidance_scale, seed, lora_scale, tensor } =
    imageSchema.parse(image);
  const wanted = pipelineCaseSchema.parse({
    id: 'image',
    kind: 'txt2img',
    pipeline: 'StableDiffusionPipeline',
    scheduler_class: 'PNDMScheduler',
    scheduler_from_config_overrides: {},
    seeds: seed,
    args: { prompt, negative_prompt, num_inference_steps: steps, guidance_scale },
  });
  const model = await openModel({ path: base, loras: [lora] });
  model.weighLoras([lora_scale]);
  try {
    const { planes } = await generatePictures(model, requestOf(wanted, new Map(), model));
    return pictureOutcome(planes, (await readTensors(tensorFile)).get(tensor));
  } finally {
    await model.release();
  }
}
