import type { Server } from './server.js';

/** No image endpoint is documented at docs.parasail.io; its batches take one, see the plugin `parasail`. */
export const parasail: Server = {
  name: 'Parasail',
  baseUrl: 'https://api.parasail.io/v1',
  secret: 'PARASAIL_API_KEY',
  edit: { path: '/images/edits', encoding: 'form', imageField: 'image[]' },
  size: { kind: 'size' },
  responseFormat: 'b64_json',
  fields: {
    seed: 'seed',
    steps: 'num_inference_steps',
    guidanceScale: 'guidance_scale',
    negativePrompt: 'negative_prompt',
  },
};
