import { definePlugin } from '@easel/plugin-sdk';
import { z } from 'zod';
import { paddedPng } from '../fixtures/one-pixel-png.js';

/** Answers at once with as many bytes as it is asked for: what a picture costs on its way. */
export const sizedPlugin = definePlugin({
  config: z.strictObject({}),
  options: z.looseObject({ bytes: z.int().min(1).default(1_024) }),
  async start() {
    return {
      generate: async (_request, { options }) => ({
        images: [{ bytes: paddedPng(options.bytes), mediaType: 'image/png', width: 1, height: 1 }],
      }),
    };
  },
});
