import type { Server } from './server.js';

/** Another Easel. */
export const easel: Server = {
  name: 'Easel',
  baseUrl: 'http://127.0.0.1:8190/v1',
  edit: { path: '/images/edits', encoding: 'form', imageField: 'image[]', mask: 'transparent' },
  size: { kind: 'size' },
  responseFormat: 'b64_json',
  images: 10,
  streams: true,
  fields: {
    seed: 'seed',
    steps: 'steps',
    guidanceScale: 'guidance_scale',
    negativePrompt: 'negative_prompt',
    strength: 'strength',
    outputFormat: 'output_format',
  },
};
