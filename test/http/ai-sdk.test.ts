import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateImage } from 'ai';
import { describe, expect, it } from 'vitest';
import { startServer } from './server.js';

const prompt = 'a fixture';

describe("Vercel's AI SDK", () => {
  it.each(['openai', 'openai-compatible'] as const)(
    'makes three pictures through @ai-sdk/%s',
    async (kind) => {
      const server = await startServer();
      const options = { baseURL: `${server.url}/v1`, apiKey: 'unused' };
      const model =
        kind === 'openai'
          ? createOpenAI(options).image('steady-one')
          : createOpenAICompatible({ name: 'easel', ...options }).imageModel('steady-one');
      const { images } = await generateImage({ model, prompt, n: 3, size: '64x64', maxRetries: 0 });
      expect(images).toHaveLength(3);
      for (const { mediaType, uint8Array } of images) {
        expect(mediaType).toBe('image/png');
        expect(uint8Array.byteLength).toBeGreaterThan(50);
      }
    },
  );

  it('is told why, in our own words', async () => {
    const server = await startServer();
    const model = createOpenAICompatible({ name: 'easel', baseURL: `${server.url}/v1` }).imageModel('nobody');
    await expect(generateImage({ model, prompt, maxRetries: 0 })).rejects.toThrow(
      /There is no model "nobody"/,
    );
  });
});
