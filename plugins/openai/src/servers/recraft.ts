import type { Server } from './server.js';

/**
 * recraft.ai/docs/api-reference: sizes of a list of the model, styles. Negative prompts are of V2 and V3
 * alone.
 */
export const recraft: Server = {
  name: 'Recraft',
  baseUrl: 'https://external.api.recraft.ai/v1',
  secret: 'RECRAFT_API_KEY',
  size: { kind: 'size' },
  responseFormat: 'b64_json',
  images: 6,
  fields: { negativePrompt: 'negative_prompt', style: 'style' },
};
