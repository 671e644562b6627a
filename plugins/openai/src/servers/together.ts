import type { Server } from './server.js';

/**
 * docs.together.ai, as `together-ai` 0.52.0 asks; for input images docs.together.ai/docs/inference/images/
 * reference-images.
 */
export const together: Server = {
  name: 'Together AI',
  baseUrl: 'https://api.together.xyz/v1',
  secret: 'TOGETHER_API_KEY',
  edit: {
    path: '/images/generations',
    encoding: 'json',
    imageField: 'reference_images',
    oneImage: { models: /kontext/i, field: 'image_url' },
    imagesField: 'reference_images',
  },
  size: { kind: 'edges' },
  responseFormat: 'base64',
  formats: ['png', 'jpeg'],
  images: 4,
  fields: {
    seed: 'seed',
    steps: 'steps',
    guidanceScale: 'guidance_scale',
    negativePrompt: 'negative_prompt',
    outputFormat: 'output_format',
  },
};
