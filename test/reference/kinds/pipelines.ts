import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { packLatents } from '../../../plugins/local-diffusion/src/families/components/packed-latents.js';
import { toTokens } from '../../../plugins/local-diffusion/src/families/flux-2/tokens.js';
import { openModel } from '../../../plugins/local-diffusion/src/models/open-model.js';
import type { DiffusionModel } from '../../../plugins/local-diffusion/src/pipelines/diffusion-model.js';
import { generatePictures } from '../../../plugins/local-diffusion/src/pipelines/generate-pictures.js';
import { toRgb } from '../../../plugins/local-diffusion/src/pipelines/pixels.js';
import type { Feed } from '../../../plugins/local-diffusion/src/session/network.js';
import { largestError } from '../arrays.js';
import { additiveMask, type CaseOutcome, type ReferenceCase, type ReferenceKind } from '../case.js';
import { openCaseModel, partsSchema, unreadParts } from '../case-model.js';
import { type PipelineCase, pipelineCaseSchema, requestOf, unreadImages } from '../pipeline-case.js';
import { readTensors, type TensorValues } from '../tensors.js';

const tolerance = { latents: 1e-3, image: 2e-3, pixel: 1 };
/** Some cases use another denoising network of the same folder. */
const unetOf = ({ id, kind, components }: PipelineCase): string => {
  if (kind === 'controlnet' && !components.controlnet) return 'unet_small';
  if (kind === 'inpaint9') return 'unet_inpaint_9ch';
  return id.startsWith('l') ? 'unet_lcm_cond' : 'unet';
};
const builtPipelines =
  /^(StableDiffusion(XL)?(ControlNet(Union)?)?(Img2Img|Inpaint)?|StableDiffusion3(Img2Img)?|(Flux|Chroma|ZImage|QwenImage)(Img2Img|Inpaint)?|Flux(Fill|Control(Net)?|Kontext)|Flux2Klein(Inpaint)?|QwenImageEdit(Plus)?)Pipeline$/;
/** Their latents lie in the reference as the tokens that the network reads. */
const packedPipelines = /^(Flux|Chroma|QwenImage)/;
const builtKinds: readonly string[] = [
  'txt2img',
  'img2img',
  'inpaint',
  'inpaint9',
  'fill',
  'control',
  'controlnet',
  'controlnet_union',
  'kontext',
  'edit',
  'lora',
];
/** Constructor arguments of a pipeline that change no picture. */
const inertExtras: readonly string[] = ['requires_safety_checker', 'add_watermarker'];

const setSchema = z.looseObject({
  cases: z.array(z.looseObject({ id: z.string() })),
  base_folder: z.string().optional(),
});

/**
 * Whole pipelines over tiny checkpoints: `<name>_pipeline/` and what came of it in
 * `<name>_pipeline_expected/`.
 */
export const pipelines: ReferenceKind = {
  folder: 'd_pipelines',
  async cases(folder) {
    const names = (await readdir(folder)).filter((name) => name.endsWith('_expected')).sort();
    return (await Promise.all(names.map((name) => casesOf(folder, name.replace(/_expected$/, ''))))).flat();
  },
};

async function casesOf(folder: string, name: string): Promise<ReferenceCase[]> {
  const expected = join(folder, `${name}_expected`);
  return pipelineCases(expected, join(folder, name), name);
}

/**
 * The cases of a folder with `cases.json` and `expected.safetensors`.
 *
 * @param modelFolder what parts are taken from that neither the cases nor the set name
 * @param prefix of their ids
 */
export async function pipelineCases(
  expected: string,
  modelFolder: string,
  prefix: string,
): Promise<ReferenceCase[]> {
  const text = await readFile(join(expected, 'cases.json'), 'utf8');
  const { cases, base_folder } = setSchema.parse(JSON.parse(text));
  // A sentence may follow the name.
  const base = base_folder?.split(' ')[0];
  const folder = base === undefined ? modelFolder : join(dirname(modelFolder), base);
  return cases.map((value) => ({
    id: `${prefix}/${value.id}`,
    run: async () => {
      const why = whyNotBuilt(value);
      if (why !== undefined) return { status: 'not-built', detail: why };
      return await compare(folder, expected, pipelineCaseSchema.parse(value));
    },
  }));
}

function whyNotBuilt(value: unknown): string | undefined {
  const { pipeline, kind, args, pipeline_extra, components, images, mask, note } = z
    .looseObject({
      pipeline: z.string(),
      kind: z.string(),
      args: z.record(z.string(), z.unknown()),
      pipeline_extra: z.record(z.string(), z.unknown()).default({}),
      components: partsSchema.default({}),
      images: z.record(z.string(), z.unknown()).optional(),
      mask: z.string().optional(),
      note: z.string().default(''),
    })
    .parse(value);
  if (!builtPipelines.test(pipeline) || !builtKinds.includes(kind)) return `${pipeline}, ${kind}`;
  if (mask === 'additive') return additiveMask;
  // What the library computes and the model was not trained with.
  if (/mm_token_type_ids/.test(note)) return 'images at positions of text';
  const unread = [
    ...Object.keys(args).filter((key) => !(key in pipelineCaseSchema.shape.args.shape)),
    ...Object.keys(pipeline_extra).filter((key) => !inertExtras.includes(key)),
    ...unreadParts(components),
    ...unreadImages(images),
  ];
  return unread.length > 0 ? `takes ${unread.join(', ')}` : undefined;
}

async function compare(
  modelFolder: string,
  expectedFolder: string,
  wanted: PipelineCase,
): Promise<CaseOutcome> {
  const shared = Object.values(wanted.images ?? {}).flat();
  const expected = await readTensors(
    join(expectedFolder, 'expected.safetensors'),
    (name) => name.startsWith(`${wanted.id}.`) || shared.includes(name),
  );
  const { steps, planes } = await generate(modelFolder, wanted, expected);

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

async function generate(folder: string, wanted: PipelineCase, expected: ReadonlyMap<string, TensorValues>) {
  const isDistilled = wanted.components.is_distilled ?? wanted.is_distilled;
  const files = await openCaseModel(folder, dirname(dirname(folder)), wanted.components, {
    ...((wanted.kind === 'kontext' || wanted.pipeline.startsWith('QwenImageEdit')) && {
      _class_name: wanted.pipeline,
    }),
    ...(isDistilled !== undefined && { is_distilled: isDistilled }),
  });
  const isApart = wanted.kind === 'controlnet' && !wanted.components.controlnet;
  const controlNets = isApart ? [join(folder, 'controlnet')] : [];
  const model = await openModel({ ...files, controlNets }, { folders: { unet: unetOf(wanted) } });
  try {
    model.weighLoras(files.loraWeights);
    const steps: Float32Array[] = [];
    const { sigmas } = wanted.args;
    const { planes } = await generatePictures(
      {
        ...model,
        ...(sigmas && { flowTimes: () => sigmas }),
        ...(wanted.kind === 'controlnet_union' && { predict: beyondWindow(model.predict) }),
        schedulerConfig: {
          ...(model.schedulerConfig as Record<string, unknown>),
          ...wanted.scheduler_effective_config,
          ...wanted.scheduler_from_config_overrides,
        },
      },
      {
        ...requestOf(wanted, expected, model),
        onStep: ({ latents, shape }) => {
          steps.push(asStored(wanted.pipeline, { data: latents, shape }));
        },
      },
    );
    return { steps, planes };
  } finally {
    await model.release();
    await files.dispose();
  }
}

/**
 * As the library does it: outside of its window a union that is given several images runs, too, with nothing
 * of them, and what it makes then is added.
 */
function beyondWindow(predict: DiffusionModel['predict']): DiffusionModel['predict'] {
  return (input, timestep, conditioning, share) => {
    const { start, end, controls = [] } = share;
    const all = controls.map((each) => {
      const counts = start >= each.start && end <= each.end;
      return counts || controls.length === 1 ? each : { ...each, scale: 0, start: 0, end: 1 };
    });
    return predict(input, timestep, conditioning, { ...share, controls: all });
  };
}

/** Latents as the reference has those of a pipeline: the networks of some read them as tokens. */
function asStored(pipeline: string, latents: Feed): Float32Array {
  if (pipeline.startsWith('Flux2')) return toTokens(latents).data;
  if (packedPipelines.test(pipeline)) return packLatents(latents).data;
  return (latents.data as Float32Array).slice();
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
