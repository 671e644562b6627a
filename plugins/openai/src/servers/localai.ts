import type { Server } from './server.js';

/**
 * localai.io/features/image-generation. What an image is not to show stands in the prompt there, after a `|`;
 * its field `negative_prompt` is for texts.
 */
export const localai: Server = {
  name: 'LocalAI',
  baseUrl: 'http://127.0.0.1:8080/v1',
  size: { kind: 'size' },
  responseFormat: 'b64_json',
  images: 10,
  fields: { steps: 'step', seed: 'seed' },
};
