import { join } from 'node:path';
import { z } from 'zod';
import { applyLoras } from '../../../plugins/local-diffusion/src/checkpoint/apply-loras.js';
import { openComponent } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { openLora } from '../../../plugins/local-diffusion/src/checkpoint/lora.js';
import { loraScalesInput } from '../../../plugins/local-diffusion/src/graph/low-rank.js';
import { openStableDiffusionFolder } from '../../../plugins/local-diffusion/src/library/stable-diffusion-folder.js';
import { openTokenizer } from '../../../plugins/local-diffusion/src/library/text-encoder.js';
import { clipTextGraph } from '../../../plugins/local-diffusion/src/networks/clip-text.js';
import { unetGraph } from '../../../plugins/local-diffusion/src/networks/unet.js';
import type { DiffusionModel } from '../../../plugins/local-diffusion/src/pipelines/diffusion-model.js';
import { generatePictures } from '../../../plugins/local-diffusion/src/pipelines/generate-pictures.js';
import { conditionStableDiffusion } from '../../../plugins/local-diffusion/src/pipelines/stable-diffusion.js';
import type { TextEncoder } from '../../../plugins/local-diffusion/src/pipelines/text-encoding.js';
import { Network } from '../../../plugins/local-diffusion/src/runtime/network.js';
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
  const model = await openStableDiffusionFolder(base);
  try {
    const changed = { ...model, ...(await changedNetworks(base, lora, lora_scale)) };
    const { planes } = await generatePictures(changed, requestOf(wanted, new Map(), model));
    return pictureOutcome(planes, (await readTensors(tensorFile)).get(tensor));
  } finally {
    await model.release();
  }
}

/** The two networks that a LoRA changes, as a model of Stable Diffusion 1 uses them. */
async function changedNetworks(
  base: string,
  lora: string,
  scale: number,
): Promise<Pick<DiffusionModel, 'predict' | 'condition'>> {
  const components = {
    unet: await openComponent(join(base, 'unet')),
    textEncoder: await openComponent(join(base, 'text_encoder')),
  };
  const { unet, textEncoder } = applyLoras(components, [await openLora(lora)]);
  const denoiser = await Network.open(unetGraph(unet));
  const texts = await Network.open(clipTextGraph(textEncoder));
  const tokenizer = await openTokenizer(join(base, 'tokenizer'));
  const scales = { [loraScalesInput]: { data: Float32Array.of(scale), shape: [1] } };
  const encoder: TextEncoder = {
    tokenizer,
    async encode(ids) {
      const shape = [ids.length, ids[0]?.length ?? 0];
      const input_ids = { data: BigInt64Array.from(ids.flat(), BigInt), shape };
      const { last_hidden_state: hidden } = await texts.run({ input_ids, ...scales }, ['last_hidden_state']);
      return { hidden, shape: [...shape, hidden.length / (shape[0]! * shape[1]!)] };
    },
  };
  return {
    condition: (request) => conditionStableDiffusion(encoder, request),
    async predict(sample, step, conditioning) {
      const timestep = { data: Float32Array.of(step), shape: [1] };
      const feeds = { sample, timestep, ...conditioning, ...scales };
      return (await denoiser.run(feeds, ['out_sample'])).out_sample;
    },
  };
}
