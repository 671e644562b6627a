import type { Server } from './server.js';

/** deepinfra.com/docs, as `@ai-sdk/deepinfra` 3.0.57 asks. */
export const deepinfra: Server = {
  name: 'DeepInfra',
  baseUrl: 'https://api.deepinfra.com/v1/openai',
  secret: 'DEEPINFRA_API_KEY',
  edit: { path: '/images/edits', encoding: 'form', imageField: 'image', mask: 'transparent' },
  size: { kind: 'size' },
  responseFormat: 'b64_json',
  images: 4,
  fields: {},
};
