import type { ImageRequest, Warning } from '@easel/plugin-sdk';
import type { AvailableModel } from '../../models/available-models.js';
import type { SharedOptions } from '../shared-options.js';
import type { AutomaticRequest } from './request.js';

/** What Automatic1111's API takes where a field is absent. */
const defaults = { scale: 2, strength: 0.75 } as const;
/** The least that a second pass takes: at 0 there would be none. */
const leastStrength = 0.01;
/** Fields that are only read beside `enable_hr`; 0 and empty text ask for nothing. */
const secondPassFields = [
  'hr_scale',
  'hr_resize_x',
  'hr_resize_y',
  'hr_second_pass_steps',
  'hr_upscaler',
  'denoising_strength',
] as const;
/** How the first image is enlarged. */
const upscalers: readonly string[] = ['', 'none', 'lanczos', 'automatic'];

/**
 * `enable_hr`: the sizes and the option of two passes, where the model's plugin has them; the small image,
 * and a warning, where it has not.
 */
export function fromHires(
  body: AutomaticRequest,
  model: AvailableModel | undefined,
  shared: SharedOptions,
): { request: Pick<ImageRequest, 'width' | 'height'>; warnings: Warning[] } {
  if (!body.enable_hr) return { request: {}, warnings: [] };
  const first = {
    width: body.width ?? model?.defaults.width ?? 512,
    height: body.height ?? model?.defaults.height ?? 512,
  };
  const strength = Math.max(leastStrength, body.denoising_strength ?? defaults.strength);
  const steps = body.hr_second_pass_steps || undefined;
  shared.set('hiresFix', { ...first, strength, ...(steps ? { steps } : {}) }, 'enable_hr');
  if (!shared.has('hiresFix')) {
    for (const name of secondPassFields) if (body[name]) shared.set('hiresFix', body[name], name);
    return { request: {}, warnings: [] };
  }
  return { request: enlarged(first, body), warnings: warningsOf(body) };
}

/** `hr_resize_x` and `hr_resize_y`, one of which may be left for the shape to decide, or else `hr_scale`. */
function enlarged(
  { width, height }: { width: number; height: number },
  { hr_scale, hr_resize_x, hr_resize_y }: AutomaticRequest,
): Pick<ImageRequest, 'width' | 'height'> {
  const scale = hr_scale ?? defaults.scale;
  if (!hr_resize_x && !hr_resize_y)
    return { width: Math.round(width * scale), height: Math.round(height * scale) };
  return {
    width: hr_resize_x || Math.round(((hr_resize_y ?? 0) * width) / height),
    height: hr_resize_y || Math.round(((hr_resize_x ?? 0) * height) / width),
  };
}

function warningsOf({ hr_upscaler }: AutomaticRequest): Warning[] {
  const asked = hr_upscaler ?? '';
  if (upscalers.includes(asked.toLowerCase())) return [];
  const message = `hr_upscaler "${asked.slice(0, 100)}" was replaced by Lanczos.`;
  return [{ code: 'parameter-adapted', parameter: 'hr_upscaler', message }];
}
