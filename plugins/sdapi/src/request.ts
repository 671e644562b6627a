import { EaselError, type GenerationRequest } from '@easel/plugin-sdk';
import { dataUri, type Service } from '@easel/plugin-sdk/provider';
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
  const overrides = {
    ...(checkpoint === undefined ? {} : { sd_model_checkpoint: checkpoint }),
    ...(options.clipSkip === undefined ? {} : { CLIP_stop_at_last_layers: options.clipSkip }),
  };
  const [image] = request.inputImages;
  return {
    url: image ? 'sdapi/v1/img2img' : 'sdapi/v1/txt2img',
    body: {
      ...options.body,
      ...{ prompt, width, height, batch_size: 1, n_iter: 1, send_images: true, save_images: false },
      ...(negativePrompt === undefined ? {} : { negative_prompt: negativePrompt }),
      ...(steps === undefined ? {} : { steps }),
      ...(guidanceScale === undefined ? {} : { cfg_scale: guidanceScale }),
      ...(sampler === undefined ? {} : await findSampler(service, sampler, signal)),
      ...(Object.keys(overrides).length === 0
        ? {}
        : { override_settings: overrides, override_settings_restore_afterwards: restoreCheckpoint }),
      ...(image
        ? {
            init_images: [dataUri(image)],
            ...(strength === undefined ? {} : { denoising_strength: strength }),
          }
        : {}),
      ...(image && request.mask
        ? {
            ...{
              mask: dataUri(request.mask),
              mask_blur: options.maskBlur,
              inpainting_fill: fillWithOriginal,
            },
            inpaint_full_res: false,
          }
        : {}),
    },
  };
}
