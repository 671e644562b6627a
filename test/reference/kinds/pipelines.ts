import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openStableDiffusionFolder } from '../../../plugins/local-diffusion/src/library/stable-diffusion-folder.js';
import { toRgb } from '../../../plugins/local-diffusion/src/pipelines/pixels.js';
import { textToImage } from '../../../plugins/local-diffusion/src/pipelines/stable-diffusion.js';
import { readSchedulerConfig } from '../../../plugins/local-diffusion/src/sampling/config.js';
import { TorchGenerator } from '../../../plugins/local-diffusion/src/sampling/noise.js';
import { planSampling } from '../../../plugins/local-diffusion/src/sampling/plan.js';
import { largestError } from '../arrays.js';
import type { CaseOutcome, ReferenceCase, ReferenceKind } from '../case.js';
import { readTensors, type TensorValues } from '../tensors.js';

const tolerance = { latents: 1e-3, image: 2e-3, pixel: 1 };
/** Cases of the LCM kind use another denoising network of the same folder. */
const lcmUnet = 'unet_lcm_cond';

const textOrList = z.union([z.string(), z.array(z.string())]);
const caseSchema = z.looseObject({
  id: z.string(),
  kind: z.string(),
  pipeline: z.string(),
  scheduler_class: z.string(),
  scheduler_from_config_overrides: z.record(z.string(), z.unknown()),
  seeds: z.union([z.number(), z.array(z.number())]),
  args: z.looseObject({
    prompt: textOrList,
    negative_prompt: textOrList.optional(),
    num_inference_steps: z.number(),
    guidance_scale: z.number(),
    guidance_rescale: z.number().default(0),
    num_images_per_prompt: z.number().default(1),
    clip_skip: z.number().default(0),
    eta: z.number().default(0),
    width: z.number().optional(),
    height: z.number().optional(),
  }),
});
type PipelineCase = z.output<typeof caseSchema>;
const known = new Set(Object.keys(caseSchema.shape.args.shape));

/** Whole pipelines over tiny checkpoints: `<name>_pipeline/` and what came of it in `<name>_pipeline_expected/`. */
export const pipelines: ReferenceKind = {
  folder: 'd_pipelines',
  async cases(folder) {
    const names = (await readdir(folder)).filter((name) => name.endsWith('_expected')).sort();
    return (await Promise.all(names.map((name) => casesOf(folder, name.replace(/_expected$/, ''))))).flat();
  },
};

async function casesOf(folder: string, name: string): Promise<ReferenceCase[]> {
  const expected = join(folder, `${name}_expected`);
  const { cases } = JSON.parse(await readFile(join(expected, 'cases.json'), 'utf8')) as { cases: unknown[] };
  return cases.map((value) => {
    const { id, pipeline, kind } = z
      .looseObject({ id: z.string(), pipeline: z.string(), kind: z.string() })
      .parse(value);
    const isBuilt = pipeline === 'StableDiffusionPipeline' && kind === 'txt2img';
    return {
      id: `${name}/${id}`,
      run: async () =>
        isBuilt
          ? await compare(join(folder, name), expected, caseSchema.parse(value))
          : { status: 'not-built', detail: `${pipeline}, ${kind}` },
    };
  });
}

async function compare(
  modelFolder: string,
  expectedFolder: string,
  wanted: PipelineCase,
): Promise<CaseOutcome> {
  const unread = Object.keys(wanted.args).filter((key) => !known.has(key));
  if (unread.length > 0) return { status: 'not-built', detail: `takes ${unread.join(', ')}` };
  const expected = await readTensors(join(expectedFolder, 'expected.safetensors'), (name) =>
    name.startsWith(`${wanted.id}.`),
  );
  const { steps, planes } = await generate(modelFolder, wanted);

  const [images, height, width] = expected.get(`${wanted.id}.image_u8`)?.shape ?? [];
  if (!images || !height || !width) return { status: 'failed', detail: 'the reference has no picture' };
  const size = 3 * height * width;
  const pixels = Array.from({ length: images }, (_, index) => [
    ...toRgb(planes.subarray(index * size, (index + 1) * size)),
  ]).flat();
  const pixelError = largestError(pixels, values(expected, `${wanted.id}.image_u8`), 'absolute');
  const latentsError = largestLatentsError(steps, expected.get(`${wanted.id}.step_latents`));
  const imageError = imageErrorOf(planes, expected.get(`${wanted.id}.image_f32`));
  const passes =
    pixelError <= tolerance.pixel && latentsError <= tolerance.latents && imageError <= tolerance.image;
  const detail = `latents ${latentsError.toExponential(1)} of the largest, image ${imageError.toExponential(1)}, pixels off by ${pixelError} at most`;
  return { status: passes ? 'passed' : 'failed', detail };
}

async function generate(folder: string, { id, args, seeds, ...scheduler }: PipelineCase) {
  const model = await openStableDiffusionFolder(folder, id.startsWith('l') ? { unet: lcmUnet } : {});
  try {
    const file = join(folder, 'scheduler', 'scheduler_config.json');
    const ownConfig = readSchedulerConfig(await readFile(file, 'utf8'), file) as Record<string, unknown>;
    const plan = planSampling({
      schedulerConfig: { ...ownConfig, ...scheduler.scheduler_from_config_overrides },
      sampler: scheduler.scheduler_class,
      steps: args.num_inference_steps,
      knobs: { eta: args.eta },
    });
    const perPrompt = args.num_images_per_prompt;
    const repeated = (texts: string | readonly string[]) =>
      [texts].flat().flatMap((text) => Array.from({ length: perPrompt }, () => text));
    const prompts = repeated(args.prompt);
    const negativePrompts =
      args.negative_prompt === undefined ? prompts.map(() => '') : repeated(args.negative_prompt);
    const steps: Float32Array[] = [];
    const { planes } = await textToImage(model, {
      prompts,
      negativePrompts,
      width: args.width ?? 64,
      height: args.height ?? 64,
      guidanceScale: args.guidance_scale,
      guidanceRescale: args.guidance_rescale,
      clipSkip: args.clip_skip,
      plan,
      generators: [seeds].flat().map((seed) => new TorchGenerator(seed)),
      onStep: ({ latents }) => void steps.push(latents.slice()),
    });
    return { steps, planes };
  } finally {
    await model.release();
  }
}

/** The largest difference over all steps, each step's as a share of its largest latent. */
function largestLatentsError(steps: readonly Float32Array[], expected: TensorValues | undefined): number {
  if (!expected || expected.shape[0] !== steps.length) return Number.POSITIVE_INFINITY;
  const all = expected.data as Float32Array;
  const size = all.length / steps.length;
  return Math.max(
    ...steps.map((step, index) => {
      const wanted = all.subarray(index * size, (index + 1) * size);
      return (
        largestError(step, wanted, 'absolute') /
        wanted.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
      );
    }),
  );
}

/** Ours is planes of -1 to 1, the reference's rows of pixels of 0 to 1; 0 where the reference has none. */
function imageErrorOf(planes: Float32Array, expected: TensorValues | undefined): number {
  if (!expected) return 0;
  const [images = 0, height = 0, width = 0] = expected.shape;
  const pixels = height * width;
  const ours = new Float32Array(planes.length);
  for (let image = 0; image < images; image++) {
    for (let index = 0; index < 3 * pixels; index++) {
      const value =
        (planes[image * 3 * pixels + (index % 3) * pixels + Math.floor(index / 3)] as number) / 2 + 0.5;
      ours[image * 3 * pixels + index] = Math.min(1, Math.max(0, value));
    }
  }
  return largestError(ours, expected.data as Float32Array, 'absolute');
}

function values(tensors: ReadonlyMap<string, TensorValues>, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`the reference has no ${name}`);
  return tensor.data as Float32Array;
}
