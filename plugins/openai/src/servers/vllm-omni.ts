import type { Server } from './server.js';

/**
 * docs.vllm.ai/projects/vllm-omni, image_generation_api and image_edit_api: one model a server, base64 alone.
 * Its mask has a field of its own, `mask_image`, and is not sent.
 */
export const vllmOmni: Server = {
  name: 'vLLM-Omni',
  edit: { path: '/images/edits', encoding: 'form', imageField: 'image' },
  size: { kind: 'size' },
  responseFormat: 'b64_json',
  images: 10,
  fields: {
    seed: 'seed',
    steps: 'num_inference_steps',
    guidanceScale: 'guidance_scale',
    negativePrompt: 'negative_prompt',
  },
};
