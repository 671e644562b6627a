import type { Server } from './server.js';

/** github.com/leejet/stable-diffusion.cpp, examples/server/api.md. */
export const stableDiffusionCpp: Server = {
  name: 'stable-diffusion.cpp',
  baseUrl: 'http://127.0.0.1:1234/v1',
  edit: { path: '/images/edits', encoding: 'form', imageField: 'image[]', mask: 'white' },
  size: { kind: 'size' },
  images: 8,
  fields: { outputFormat: 'output_format', outputCompression: 'output_compression' },
};
