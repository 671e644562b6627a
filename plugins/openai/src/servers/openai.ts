import type { Server } from './server.js';

/**
 * platform.openai.com/docs/api-reference/images, as `openai` 7.59.0 has it. GPT image models always answer
 * base64.
 */
export const openai: Server = {
  name: 'OpenAI',
  baseUrl: 'https://api.openai.com/v1',
  secret: 'OPENAI_API_KEY',
  edit: { path: '/images/edits', encoding: 'form', imageField: 'image[]', mask: 'transparent' },
  size: { kind: 'size' },
  images: 10,
  streams: true,
  batches: {
    edit: {
      path: '/images/edits',
      encoding: 'json',
      imageField: 'images',
      imagesField: 'images',
      imageShape: 'image-url-object',
      mask: 'transparent',
    },
  },
  fields: {
    outputFormat: 'output_format',
    quality: 'quality',
    background: 'background',
    moderation: 'moderation',
    outputCompression: 'output_compression',
    inputFidelity: 'input_fidelity',
    safetyIdentifier: 'safety_identifier',
  },
};
