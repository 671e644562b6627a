import { createImageServiceManager, embedProvenance, type GenerateOptions } from '@easel/core';
import { createServer } from '@easel/core/server';
import { definePlugin } from '@easel/plugin-sdk';
import * as batch from '@easel/plugin-sdk/batch';
import * as emulator from '@easel/plugin-sdk/emulator';
import * as images from '@easel/plugin-sdk/images';
import * as journal from '@easel/plugin-sdk/journal';
import * as paid from '@easel/plugin-sdk/paid';
import * as provider from '@easel/plugin-sdk/provider';
import * as testing from '@easel/plugin-sdk/testing';
import { z } from 'zod';

export const entries = { batch, emulator, images, journal, paid, provider, testing };

export const grey = definePlugin({
  manifest: { id: 'grey', handles: [{ type: 'grey' }] },
  config: z.strictObject({ shade: z.number().default(128) }),
  options: z.strictObject({}),
  async start({ config }) {
    const shade: number = config.shade;
    return {
      async generate({ width, height }) {
        return { images: [{ bytes: new Uint8Array([shade]), mediaType: 'image/png', width, height }] };
      },
    };
  },
});

/** Types that hosts lean on: a wrong one among them fails the compiler. */
export async function serve(options: GenerateOptions): Promise<string> {
  await using manager = createImageServiceManager({ plugins: [grey] });
  const result = await manager.generateImage({ prompt: 'anything', n: 2 }, options);
  const server = await createServer({ manager });
  await embedProvenance(result);
  // @ts-expect-error A request has a prompt, which is text.
  await manager.generateImage({ prompt: 7 });
  return await server.listen({ port: 0 });
}
