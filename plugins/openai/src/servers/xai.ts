import type { Server } from './server.js';

/**
 * docs.x.ai, as `@ai-sdk/xai` 5.0.12 asks: shapes in place of pixels, edits as JSON. `quality`, and 1.5k, are
 * of `grok-imagine-image-2.0` alone.
 */
export const xai: Server = {
  name: 'xAI',
  baseUrl: 'https://api.x.ai/v1',
  secret: 'XAI_API_KEY',
  edit: {
    path: '/images/edits',
    encoding: 'json',
    imageField: 'image',
    imagesField: 'images',
    imageShape: 'url-object',
  },
  size: {
    kind: 'ratio',
    ratios: [
      '1:1',
      '3:4',
      '4:3',
      '9:16',
      '16:9',
      '2:3',
      '3:2',
      '9:19.5',
      '19.5:9',
      '9:20',
      '20:9',
      '1:2',
      '2:1',
    ],
    resolutions: { '1k': 1024, '2k': 2048 },
  },
  responseFormat: 'b64_json',
  images: 10,
  fields: { quality: 'quality' },
};
