import { createImageServiceManager } from '@easel/core';
import { createServer } from '@easel/core/server';
import { definePlugin } from '@easel/plugin-sdk';
import sharp from 'sharp';
import { z } from 'zod';

const grey = definePlugin({
  manifest: { id: 'grey', handles: [{ type: 'grey' }] },
  config: z.strictObject({}),
  options: z.strictObject({}),
  start: async () => ({
    async generate({ width, height }) {
      const created = sharp({ create: { width, height, channels: 3, background: 'grey' } });
      const bytes = new Uint8Array(await created.png().toBuffer());
      return { images: [{ bytes, mediaType: 'image/png', width, height }] };
    },
  }),
});
const manager = createImageServiceManager({
  configuration: { storageFolder: './kept' },
  plugins: [grey],
  models: [
    {
      id: 'grey',
      name: 'Grey',
      pipelineType: 'grey',
      source: { type: 'provider', id: 'grey' },
      defaults: { width: 64, height: 64 },
      supports: { minimumEdge: 8, maximumEdge: 64, edgeMultiple: 1, images: 1 },
    },
  ],
});
const { images } = await manager.generateImage({ prompt: 'anything', model: 'grey' });
console.log(images[0].mediaType);

const server = await createServer({ manager }).catch(({ code, hint }) => console.log(code, hint));
for (const path of server ? ['/openapi.json', '/docs', '/mcp'] : []) {
  const { statusCode, body } = await server.inject(path);
  console.log(statusCode, statusCode === 200 ? '' : JSON.parse(body).error.message);
}
await server?.close();
await manager.close();
