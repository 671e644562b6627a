/**
 * What SwarmUI, Fooocus, InvokeAI and NovelAI write into images, by their own sources: SwarmUI's
 * `T2IParamInput`, Fooocus' `meta_parser.py`, InvokeAI's `metadata.py`, and images of NovelAI.
 *
 * @module
 */
import type { ParsedParametersText } from '../parameters-text.js';
import { isObject, readSettings, type Settings, textOf } from './flat-settings.js';

const common = { steps: 'Steps', sampler: 'Sampler', seed: 'Seed', model: 'Model' } as const;

/** The object in `parameters` under `sui_image_params`. */
export const readSwarm = (settings: Settings): ParsedParametersText =>
  readSettings(settings, {
    prompt: 'prompt',
    negativePrompt: 'negativeprompt',
    keys: {
      ...common,
      cfgscale: 'CFG scale',
      scheduler: 'Schedule type',
      comfyuisampler: 'Sampler',
      comfyuischeduler: 'Schedule type',
    },
    silent: ['images', 'aspectratio', 'swarm_version', 'date', 'generation_time'],
  });

/** The object in `parameters` beside `fooocus_scheme`; its size is a text such as "(1152, 896)". */
export function readFooocus({ resolution, ...settings }: Settings): ParsedParametersText {
  const [, width, height] = /(\d+)\s*[,x×]\s*(\d+)/.exec(textOf(resolution)) ?? [];
  return readSettings(width === undefined ? settings : { ...settings, width, height }, {
    prompt: 'prompt',
    negativePrompt: 'negative_prompt',
    keys: { ...common, guidance_scale: 'CFG scale', scheduler: 'Schedule type', base_model: 'Model' },
    silent: [
      ...['full_prompt', 'full_negative_prompt', 'metadata_scheme', 'version', 'base_model_hash'],
      ...['created_by', 'refiner_model_hash'],
    ],
  });
}

/** `invokeai_metadata`; models in it are objects. */
export function readInvoke({ model, ...settings }: Settings): ParsedParametersText {
  const name = isObject(model) ? (model.name ?? model.model_name) : model;
  return readSettings(
    { ...settings, model: name },
    {
      prompt: 'positive_prompt',
      negativePrompt: 'negative_prompt',
      keys: { ...common, cfg_scale: 'CFG scale', scheduler: 'Sampler' },
      silent: ['generation_mode', 'rand_device', 'app_version', 'ref_images', 'positive_style_prompt'],
    },
  );
}

/** `sd-metadata`, which InvokeAI wrote before its version 3. */
export function readOldInvoke({ image, model_weights: model }: Settings): ParsedParametersText {
  const { prompt, ...settings } = isObject(image) ? image : {};
  const [first] = Array.isArray(prompt) ? prompt : [prompt];
  const whole = textOf(isObject(first) ? first.prompt : first);
  // What it does not show is in brackets there.
  const negative = [...whole.matchAll(/\[([^[\]]*)\]/g)].map(([, words = '']) => words.trim());
  return readSettings(
    { ...settings, model, positive: whole.replace(/\s*\[[^[\]]*\]/g, ''), negative: negative.join(', ') },
    {
      prompt: 'positive',
      negativePrompt: 'negative',
      keys: { ...common, cfg_scale: 'CFG scale' },
      silent: ['type', 'postprocessing', 'variations', 'threshold', 'perlin', 'height', 'width'],
    },
  );
}

/** `Comment`; since its fourth models the prompt has captions of its own. */
export function readNovel({ prompt, uc, noise_schedule, ...settings }: Settings): ParsedParametersText {
  const { v4_prompt, v4_negative_prompt } = settings;
  return readSettings(
    {
      ...settings,
      prompt: captionOf(v4_prompt) || prompt,
      uc: captionOf(v4_negative_prompt) || uc,
      noise_schedule: noise_schedule === 'native' ? undefined : noise_schedule,
      ...charactersOf(v4_prompt),
    },
    {
      prompt: 'prompt',
      negativePrompt: 'uc',
      keys: { ...common, scale: 'CFG scale', noise_schedule: 'Schedule type' },
      silent: [
        ...['v4_prompt', 'v4_negative_prompt', 'request_type', 'signed_hash', 'n_samples', 'version'],
        ...['extra_passthrough_testing', 'legacy_v3_extend', 'hide_debug_overlay', 'stream'],
      ],
    },
  );
}

function captionOf(prompt: unknown): string {
  const caption = isObject(prompt) ? prompt.caption : undefined;
  return textOf(isObject(caption) ? caption.base_caption : undefined);
}

function charactersOf(prompt: unknown): Settings {
  const caption = isObject(prompt) ? prompt.caption : undefined;
  return isObject(caption) ? { char_captions: caption.char_captions } : {};
}
