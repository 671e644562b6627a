import type { Operation } from '../operation.js';
import { pngInfoSchema } from './png-info.js';
import { automaticOptionsSchema, automaticRequestSchema } from './request.js';

const automatic = { tag: 'Automatic1111', failure: 'automaticFailed' } as const;

/** Those of Automatic1111's web UI that its many clients use. */
export const automaticOperations = {
  textToImage: {
    ...automatic,
    method: 'POST',
    path: '/sdapi/v1/txt2img',
    scope: 'generate',
    summary: 'Makes pictures from words.',
    body: automaticRequestSchema,
    example: { prompt: 'a red house under a yellow star' },
    answer: 'automaticImages',
  },
  imageToImage: {
    ...automatic,
    method: 'POST',
    path: '/sdapi/v1/img2img',
    scope: 'generate',
    summary: 'Makes pictures from others and words.',
    body: automaticRequestSchema,
    answer: 'automaticImages',
  },
  pngInfo: {
    ...automatic,
    method: 'POST',
    path: '/sdapi/v1/png-info',
    scope: 'read',
    summary: 'Tells how an image was made, as far as it carries that.',
    body: pngInfoSchema,
    answer: 'automaticPngInfo',
  },
  options: {
    ...automatic,
    method: 'GET',
    path: '/sdapi/v1/options',
    scope: 'read',
    summary: 'Tells the current model.',
    answer: 'automaticOptions',
  },
  setOptions: {
    ...automatic,
    method: 'POST',
    path: '/sdapi/v1/options',
    scope: 'admin',
    summary: 'Makes another model the current one.',
    body: automaticOptionsSchema,
    answer: 'automaticNothing',
  },
} as const satisfies Record<string, Operation>;
