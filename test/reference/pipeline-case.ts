import { z } from 'zod';
import type { FluxRequest } from '../../plugins/local-diffusion/src/families/flux/options.js';
import type { Flux2Request } from '../../plugins/local-diffusion/src/families/flux-2/options.js';
import type { Sd3Request } from '../../plugins/local-diffusion/src/families/stable-diffusion-3/options.js';
import type {
  MicroConditions,
  XlRequest,
} from '../../plugins/local-diffusion/src/families/stable-diffusion-xl/options.js';
import type { ZImageRequest } from '../../plugins/local-diffusion/src/families/z-image/options.js';
import type { Control } from '../../plugins/local-diffusion/src/pipelines/control.js';
import type { DiffusionModel } from '../../plugins/local-diffusion/src/pipelines/diffusion-model.js';
import { type RgbPicture, resizeLanczos } from '../../plugins/local-diffusion/src/pipelines/lanczos.js';
import type { PictureRequest, Source } from '../../plugins/local-diffusion/src/pipelines/picture-request.js';
import { toMask, toPlanes } from '../../plugins/local-diffusion/src/pipelines/pixels.js';
import { TorchGenerator } from '../../plugins/local-diffusion/src/sampling/noise/torch-generator.js';
import { partsSchema } from './case-model.js';
import type { TensorValues } from './tensors.js';

const textOrList = z.union([z.string(), z.array(z.string())]);
const numberOrList = z.union([z.number(), z.array(z.number())]);
const pair = z.tuple([z.number(), z.number()]);

/** The arguments of a diffusers pipeline that are read; a case with another one is not run. */
const argumentsSchema = z.strictObject({
  prompt: textOrList,
  prompt_2: textOrList.optional(),
  negative_prompt: textOrList.optional(),
  negative_prompt_2: textOrList.optional(),
  num_inference_steps: z.number(),
  /** Absent at pipelines whose network is told none. */
  guidance_scale: z.number().default(1),
  guidance_rescale: z.number().default(0),
  num_images_per_prompt: z.number().default(1),
  clip_skip: z.number().default(0),
  eta: z.number().default(0),
  width: z.number().optional(),
  height: z.number().optional(),
  strength: z.number().optional(),
  denoising_start: z.number().optional(),
  denoising_end: z.number().optional(),
  original_size: pair.optional(),
  crops_coords_top_left: pair.optional(),
  target_size: pair.optional(),
  aesthetic_score: z.number().optional(),
  negative_original_size: pair.optional(),
  negative_crops_coords_top_left: pair.optional(),
  negative_target_size: pair.optional(),
  negative_aesthetic_score: z.number().optional(),
  max_sequence_length: z.number().optional(),
  true_cfg_scale: z.number().optional(),
  text_encoder_out_layers: z.array(z.number()).optional(),
  max_area: z.number().optional(),
  _auto_resize: z.boolean().optional(),
  /** Of one ControlNet; of a union one for each image. */
  controlnet_conditioning_scale: numberOrList.optional(),
  control_guidance_start: z.number().optional(),
  control_guidance_end: z.number().optional(),
  control_mode: numberOrList.optional(),
  guess_mode: z.boolean().optional(),
  skip_guidance_layers: z.array(z.number()).optional(),
  skip_layer_guidance_scale: z.number().optional(),
  skip_layer_guidance_start: z.number().optional(),
  skip_layer_guidance_stop: z.number().optional(),
  cfg_normalization: z.union([z.boolean().transform(Number), z.number()]).optional(),
  cfg_truncation: z.number().optional(),
  /** Times that are sampled at, before they are shifted. */
  sigmas: z.array(z.number()).optional(),
});
type Arguments = z.output<typeof argumentsSchema>;

export const pipelineCaseSchema = z.looseObject({
  id: z.string(),
  kind: z.string(),
  pipeline: z.string(),
  /** Absent: the model's own. */
  scheduler_class: z.string().optional(),
  scheduler_from_config_overrides: z.record(z.string(), z.unknown()).default({}),
  scheduler_effective_config: z.record(z.string(), z.unknown()).default({}),
  seeds: z.union([z.number(), z.array(z.number())]),
  args: argumentsSchema,
  /** Where parts of the model lie that are not those of the folder. */
  components: partsSchema.default({}),
  /** The tensor, or tensors, of each image that the call is given. Absent: they are named after the case. */
  images: z.record(z.string(), textOrList).optional(),
  /** Of FLUX.2, whether guidance is ignored. Absent: as the folder says. */
  is_distilled: z.boolean().optional(),
  /** How often each pixel of the images stands in both directions: large ones are stored small. */
  repeat_pixels: z.number().default(1),
});
export type PipelineCase = z.output<typeof pipelineCaseSchema>;

/** The values of diffusers' pipelines where a case does not give them. */
const defaultStrengths: Readonly<Record<string, number>> = {
  StableDiffusionImg2ImgPipeline: 0.8,
  StableDiffusionInpaintPipeline: 1,
  StableDiffusionXLImg2ImgPipeline: 0.3,
  StableDiffusionXLInpaintPipeline: 0.9999,
  StableDiffusion3Img2ImgPipeline: 0.6,
  FluxImg2ImgPipeline: 0.6,
  ChromaImg2ImgPipeline: 0.9,
  ZImageImg2ImgPipeline: 0.6,
  ZImageInpaintPipeline: 1,
  QwenImageImg2ImgPipeline: 0.6,
  QwenImageInpaintPipeline: 0.6,
  Flux2KleinInpaintPipeline: 0.8,
};
const defaultSize = 64;

/** The arguments of pipelines that are images and are read. */
const readImages: readonly string[] = ['image', 'mask_image', 'control_image', 'image_reference'];

/** The image arguments of a case that are not read. */
export const unreadImages = (images: Readonly<Record<string, unknown>> = {}): string[] =>
  Object.entries(images)
    .filter(
      ([name, tensor]) => !readImages.includes(name) || (name === 'mask_image' && typeof tensor !== 'string'),
    )
    .map(([name]) => name);

/** A case as a request; `tensors` are all those of its set. */
export function requestOf(
  { id, args, seeds, pipeline, images, scheduler_class: sampler, repeat_pixels: times }: PipelineCase,
  tensors: ReadonlyMap<string, TensorValues>,
  { factor, patchEdge }: DiffusionModel,
): PictureRequest {
  const named: NonNullable<PipelineCase['images']> = {
    image: `${id}.init_image_u8`,
    mask_image: `${id}.mask_u8`,
    ...images,
  };
  const imagesOf = (names: string | readonly string[] = []) =>
    [names]
      .flat()
      .flatMap((name) => tensors.get(name) ?? [])
      .map((tensor) => repeatPixels(tensor, times));
  const isControlled = pipeline.includes('ControlNet');
  const startsFromImage = !isControlled || /Img2Img|Inpaint/.test(pipeline);
  const followed = isControlled ? imagesOf(named.control_image ?? named.image) : [];
  const own = startsFromImage ? (!isControlled && named.control_image) || named.image : undefined;
  const all = [...imagesOf(own), ...imagesOf(named.image_reference)];
  const [image] = all;
  const mask = tensors.get(String(named.mask_image));
  const latents = tensors.get(`${id}.in.image`);
  // Without a size of its own a case has that of its picture, rounded down to whole latents; transformers
  // round any size down.
  const edge = (asked: number | undefined, own: number | undefined) => {
    const pixels = asked ?? (own === undefined ? defaultSize : own - (own % factor));
    const isFloored = patchEdge !== factor || pipeline.startsWith('Flux2');
    return isFloored ? pixels - (pixels % patchEdge) : pixels;
  };
  const [, , rows, columns] = latents ? latents.shape.map((size) => size * factor) : [];
  const asked = {
    width: edge(args.width, image?.shape[1] ?? columns),
    height: edge(args.height, image?.shape[0] ?? rows),
  };
  const { width, height } = pipeline === 'FluxKontextPipeline' ? kontextSize(asked, args, patchEdge) : asked;
  const prompts = [args.prompt].flat();
  const perImage = (texts: string | readonly string[] | undefined) =>
    texts === undefined
      ? undefined
      : (typeof texts === 'string' ? prompts.map(() => texts) : texts).flatMap((text) =>
          Array.from({ length: args.num_images_per_prompt }, () => text),
        );
  return {
    prompts: perImage(prompts)!,
    negativePrompts: perImage(args.negative_prompt),
    width,
    height,
    guidanceScale: pipeline.startsWith('QwenImage') ? trueScale(args) : args.guidance_scale,
    guidanceRescale: args.guidance_rescale,
    clipSkip: args.clip_skip,
    sampler,
    steps: args.num_inference_steps,
    eta: args.eta,
    source: latents
      ? { kind: 'latents', latents: latents.data as Float32Array }
      : image && sourceOf(all, mask, width, height),
    controls: followed.map((tensor, index) => ({
      ...controlOf(args, tensor, index),
      // The library counts as many scales as there are nets: of several images of one the first is read.
      ...(pipeline.startsWith('Flux') && index > 0 && { scale: 0 }),
    })),
    strength: args.strength ?? defaultStrengths[pipeline],
    denoisingStart: args.denoising_start,
    denoisingEnd: args.denoising_end,
    familyOptions: familyOptionsOf(pipeline, args, perImage),
    generators: [seeds].flat().map((seed) => new TorchGenerator(seed)),
  };
}

/** What of several is one number is of all of them. */
function controlOf(args: Arguments, tensor: TensorValues, index: number): Control {
  const at = (value: number | number[] | undefined) => (Array.isArray(value) ? value[index] : value);
  return {
    net: 0,
    image: pictureOf(tensor),
    scale: at(args.controlnet_conditioning_scale) ?? 1,
    start: args.control_guidance_start ?? 0,
    end: args.control_guidance_end ?? 1,
    kind: at(args.control_mode),
    ...(args.guess_mode && { emphasis: 'image' }),
  };
}

/** diffusers guides Qwen-Image where there is a negative prompt alone. */
const trueScale = ({ negative_prompt, true_cfg_scale = 4 }: Arguments): number =>
  negative_prompt === undefined ? 1 : true_cfg_scale;

/**
 * diffusers keeps the shape of what is asked for, and makes as many pixels as it was trained with, or as the
 * case says.
 */
function kontextSize(
  { width, height }: { readonly width: number; readonly height: number },
  { max_area: area = 1024 ** 2 }: Arguments,
  patchEdge: number,
) {
  const floor = (edge: number) => Math.floor(Math.round(edge) / patchEdge) * patchEdge;
  return {
    width: floor(Math.sqrt((area * width) / height)),
    height: floor(Math.sqrt((area * height) / width)),
  };
}

function familyOptionsOf(
  pipeline: string,
  args: Arguments,
  perImage: (texts: string | readonly string[] | undefined) => string[] | undefined,
): XlRequest | FluxRequest | Flux2Request | Sd3Request | ZImageRequest {
  if (pipeline.startsWith('ZImage')) {
    return {
      textTokens: args.max_sequence_length,
      cfgNormalization: args.cfg_normalization,
      cfgTruncation: args.cfg_truncation,
    };
  }
  if (pipeline.startsWith('StableDiffusion3')) return sd3OptionsOf(args);
  if (pipeline.startsWith('Flux2'))
    return { textTokens: args.max_sequence_length, textLayers: args.text_encoder_out_layers };
  if (/^(Chroma|QwenImage)/.test(pipeline)) return { textTokens: args.max_sequence_length };
  if (pipeline.startsWith('Flux'))
    return {
      textTokens: args.max_sequence_length,
      trueCfgScale: args.true_cfg_scale,
      editedImageSize: args._auto_resize === false ? 'own' : 'trained',
    };
  return {
    secondPrompts: perImage(args.prompt_2),
    secondNegativePrompts: perImage(args.negative_prompt_2),
    conditions: {
      originalSize: args.original_size,
      cropTopLeft: args.crops_coords_top_left,
      targetSize: args.target_size,
      aestheticScore: args.aesthetic_score,
    },
    negativeConditions: negativeConditionsOf(args),
  };
}

function sd3OptionsOf(args: Arguments): Sd3Request {
  const { skip_guidance_layers: layers, max_sequence_length: textTokens } = args;
  const own = {
    scale: args.skip_layer_guidance_scale,
    start: args.skip_layer_guidance_start,
    stop: args.skip_layer_guidance_stop,
  };
  return { textTokens, ...(layers && { skipLayerGuidance: { layers, ...own } }) };
}

/**
 * Only what is given: the rest is as for the conditional half. Where sizes are, diffusers takes no crop for
 * none given.
 */
function negativeConditionsOf(args: Arguments): MicroConditions {
  const given = {
    originalSize: args.negative_original_size,
    targetSize: args.negative_target_size,
    cropTopLeft: args.negative_crops_coords_top_left ?? (args.negative_original_size && [0, 0]),
    aestheticScore: args.negative_aesthetic_score,
  } satisfies MicroConditions;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function sourceOf(
  images: readonly TensorValues[],
  mask: TensorValues | undefined,
  width: number,
  height: number,
): Source {
  const resize = (tensor: TensorValues) => resizeLanczos(pictureOf(tensor), width, height).rgb;
  return {
    kind: 'picture',
    planes: toPlanes(resize(images[0]!)),
    mask: mask && toMask(resize(mask)),
    originals: images.map(pictureOf),
  };
}

/** Each pixel so many times in both directions. */
function repeatPixels({ shape, data }: TensorValues, times: number): TensorValues {
  if (times === 1) return { shape, data };
  const [height = 0, width = 0, channels = 1] = shape;
  const wide = width * times * channels;
  const repeated = Float32Array.from({ length: wide * height * times }, (_, at) => {
    const [row, rest] = [Math.floor(Math.floor(at / wide) / times), at % wide];
    const column = Math.floor(Math.floor(rest / channels) / times);
    return Number(data[(row * width + column) * channels + (rest % channels)]);
  });
  return { shape: [height * times, width * times, channels], data: repeated };
}

/** [height, width, 3], or [height, width] for a grey one. */
function pictureOf({ shape: [height = 0, width = 0, channels = 1], data }: TensorValues): RgbPicture {
  const rgb = Uint8Array.from({ length: 3 * width * height }, (_, index) =>
    Number(data[channels === 3 ? index : Math.floor(index / 3)]),
  );
  return { rgb, width, height };
}
