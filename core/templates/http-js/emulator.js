import { defineEmulator, drawPicture, HttpEmulator } from '@easel/plugin-sdk/emulator';
import { z } from 'zod';

const key = 'emulated-key';
const requestSchema = z.object({
  model: z.string(),
  prompt: z.string(),
  width: z.int(),
  height: z.int(),
  seed: z.int(),
  enhance: z.boolean(),
});

/** Speaks the provider's protocol on this machine, for tests and for `easel emulate http-js`. */
export default defineEmulator({
  async start({ port }) {
    let paid = 0;
    const emulator = await HttpEmulator.start({
      port,
      async handle({ path, headers, json }) {
        if (path !== '/v1/images') return { status: 404, body: { error: 'not_found' } };
        if (headers.authorization !== `Bearer ${key}`) return { status: 401, body: { error: 'wrong_key' } };
        const request = requestSchema.safeParse(json);
        if (!request.success) return { status: 400, body: { error: z.prettifyError(request.error) } };
        const { model, prompt, width, height, seed, enhance } = request.data;
        if (model !== 'http-js') return { status: 404, body: { error: 'unknown_model' } };
        if (prompt.includes('forbidden')) return { status: 422, body: { error: 'content_refused' } };
        if (prompt.includes('too many'))
          return { status: 429, headers: { 'retry-after': '2' }, body: { error: 'slow_down' } };
        paid++;
        const image = await drawPicture(`${prompt} ${seed}`, { width, height });
        const enhanced = enhance ? { prompt: `${prompt}, in soft light` } : {};
        return { status: 200, body: { image: image.toString('base64'), cost: 0.01, ...enhanced } };
      },
    });
    return {
      url: emulator.url,
      secrets: { HTTP_JS_API_KEY: key },
      options: { baseUrl: emulator.url },
      get paid() {
        return paid;
      },
      close: () => emulator.close(),
    };
  },
});
