import { EaselError, type GenerationRequest, type InputImage } from '@easel/plugin-sdk';
import { dataUri, type Service, withoutAbsent } from '@easel/plugin-sdk/provider';
import { findCheckpoint, findSampler } from './lists.js';
import type { Config, Options } from './settings.js';

/** A request to the server, without the seed and the id of its task. */
export interface PlannedRequest {
  /** Below the base URL. */
  readonly url: string;
  readonly body: Readonly<{ [name: string]: unknown }>;
}

/** `inpainting_fill`: what lies under the mask, the image itself. */
const fillWithOriginal = 1;

/**
 * What a call is for the server: one image of it.
 *
 * @throws EaselError ERR_MODEL_UNKNOWN or ERR_REQUEST_INVALID for what the server does not have
 */
export async function planRequest(
  service: Service,
  request: GenerationRequest,
  options: Options,
  { restoreCheckpoint }: Pick<Config, 'restoreCheckpoint'>,
  signal: AbortSignal,
): Promise<PlannedRequest> {
  const { model, prompt, width, height, negativePrompt, steps, guidanceScale, sampler, strength } = request;
  const { source } = model;
  if (source.type !== 'provider')
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `"${model.id}" lies on this machine; the server has checkpoints of its own.`,
    });
  const checkpoint = source.id === 'current' ? undefined : await findCheckpoint(service, source.id, signal);
  const overrides = withoutAbsent({
    sd_model_checkpoint: checkpoint,
    CLIP_stop_at_last_layers: options.clipSkip,
  });
  const hasOverrides = Object.keys(overrides).length > 0;
  const [image] = request.inputImages;
  return {
    url: image ? 'sdapi/v1/img2img' : 'sdapi/v1/txt2img',
    body: {
      ...options.body,
      ...withoutAbsent({
        ...{ prompt, width, height, batch_size: 1, n_iter: 1, send_images: true, save_images: false },
        ...{ negative_prompt: negativePrompt, steps, cfg_scale: guidanceScale },
        ...(sampler === undefined ? {} : await findSampler(service, sampler, signal)),
        override_settings: hasOverrides ? overrides : undefined,
        override_settings_restore_afterwards: hasOverrides ? restoreCheckpoint : undefined,
        ...(image ? { init_images: [dataUri(image)], denoising_strength: strength } : {}),
        ...(image && request.mask ? maskFields(request.mask, options) : {}),
      }),
    },
  };
}

const maskFields = (mask: InputImage, { maskBlur }: Options) => ({
  ...{ mask: dataUri(mask), mask_blur: maskBlur, inpainting_fill: fillWithOriginal, inpaint_full_res: false },
});
