import { Agent, request } from 'node:http';
import { definePlugin } from '@easel/plugin-sdk';
import { z } from 'zod';

const mark = Buffer.from('"b64_json":"');

/** Asks an OpenAI-compatible provider, as a gateway does; the picture is cut out of the answer, which is not parsed. */
export default definePlugin({
  config: z.strictObject({ url: z.url() }),
  options: z.looseObject({}),
  async start({ config }) {
    const agent = new Agent({ keepAlive: true });
    const ask = (body, signal) =>
      new Promise((resolve, reject) => {
        const sent = request(config.url, {
          method: 'POST',
          agent,
          signal,
          headers: { 'content-type': 'application/json' },
        });
        sent.on('error', reject);
        sent.on('response', (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => resolve(Buffer.concat(chunks)));
        });
        sent.end(body);
      });
    return {
      async generate({ prompt, n, width, height }, { signal }) {
        const answer = await ask(JSON.stringify({ model: 'any', prompt, n }), signal);
        const from = answer.indexOf(mark) + mark.length;
        const text = answer.toString('latin1', from, answer.indexOf(0x22, from));
        const bytes = new Uint8Array(Buffer.from(text, 'base64'));
        return { images: [{ bytes, mediaType: 'image/png', width, height }] };
      },
      close: async () => agent.destroy(),
    };
  },
});
