import { normaliseSamplerName } from '@easel/plugin-sdk';
import type { TensorFileList } from '../../model-files/list-tensor-files.js';
import { listLoras, upscalers } from '../automatic1111/lists.js';
import { findModel } from '../find-model.js';
import type { ServerContext } from '../server-context.js';

const mode = 'img_gen';
const formats = ['png', 'jpeg', 'webp'];

const unique = (names: readonly string[]): string[] => [...new Set(names)];

/** What stable-diffusion.cpp's server tells pages of itself; of the current model, as it has but one. */
export async function capabilitiesOf({ manager, configuration }: ServerContext, loras: TensorFileList) {
  const model = findModel(manager, undefined);
  const folders = manager.configuration.server.modelFolders;
  const { defaults, supports, choices } = model ?? {};
  const id = model?.id ?? '';
  const features = {
    init_image: (supports?.inputImages ?? 0) > 0,
    mask_image: supports?.mask ?? false,
    control_image: false,
    ip_adapter_image: false,
    ref_images: (supports?.inputImages ?? 0) > 0,
    lora: choices?.promptTags.some(({ tag }) => tag === 'lora') ?? false,
    vae_tiling: false,
    hires: choices?.sharedOptions.includes('hiresFix') ?? false,
    cache: false,
    cancel_queued: true,
    cancel_generating: true,
  };
  const ownDefaults = {
    ...{ prompt: '', negative_prompt: '', clip_skip: -1, seed: -1, batch_count: 1 },
    ...{ width: defaults?.width ?? 512, height: defaults?.height ?? 512, strength: 0.75 },
    sample_params: {
      ...{ scheduler: 'default', sample_method: 'default', sample_steps: defaults?.steps ?? 20 },
      guidance: { txt_cfg: defaults?.guidanceScale ?? 7 },
    },
    ...{ output_format: 'png', output_compression: 100 },
  };
  return {
    model: { name: id, stem: id, path: id },
    current_mode: mode,
    supported_modes: [mode],
    ...{ defaults: ownDefaults, defaults_by_mode: { [mode]: ownDefaults } },
    ...{ output_formats: formats, output_formats_by_mode: { [mode]: formats } },
    ...{ features, features_by_mode: { [mode]: features } },
    limits: {
      ...{ min_width: supports?.minimumEdge ?? 64, max_width: supports?.maximumEdge ?? 4096 },
      ...{ min_height: supports?.minimumEdge ?? 64, max_height: supports?.maximumEdge ?? 4096 },
      ...{ max_batch_count: 32, max_queue_size: configuration.jobsPerKey },
    },
    samplers: unique(['default', ...(choices?.samplers ?? []).map(normaliseSamplerName)]),
    schedulers: unique(['default', ...(choices?.schedules ?? []).map(normaliseSamplerName)]),
    loras: (await listLoras(loras, model ? [model] : [], folders)).map(({ name }) => ({ name, path: name })),
    upscalers: upscalers.map(({ name }) => ({ name })),
  };
}
