import type { Server } from './server.js';

/**
 * docs.sglang.io, diffusion, and its image_api.py: edits may answer an address below the server itself. It
 * takes a mask, and does nothing with it.
 */
export const sglang: Server = {
  name: 'SGLang',
  baseUrl: 'http://127.0.0.1:30000/v1',
  edit: { path: '/images/edits', encoding: 'form', imageField: 'image' },
  size: { kind: 'size' },
  responseFormat: 'b64_json',
  images: 10,
  fields: {
    seed: 'seed',
    steps: 'num_inference_steps',
    guidanceScale: 'guidance_scale',
    negativePrompt: 'negative_prompt',
    outputFormat: 'output_format',
  },
};
