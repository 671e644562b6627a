import { Agent, request } from 'node:http';
import { definePlugin } from '@easel/plugin-sdk';
import { z } from 'zod';

const mark = Buffer.from('"b64_json":"');

const sliceBytes = 64 * 1024;

/** Base64 to bytes, slice by slice: no string as long as a picture is made. */
function decode(base64) {
  const padding = base64.at(-2) === 0x3d ? 2 : base64.at(-1) === 0x3d ? 1 : 0;
  const bytes = new Uint8Array((base64.byteLength * 3) / 4 - padding);
  const target = Buffer.from(bytes.buffer);
  let to = 0;
  for (let from = 0; from < base64.byteLength; from += sliceBytes)
    to += target.write(base64.toString('latin1', from, from + sliceBytes), to, 'base64');
  return bytes;
}

/**
 * Asks an OpenAI-compatible provider, as a gateway does; the picture is cut out of the answer, which is not
 * parsed.
 */
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
          const answer = Buffer.allocUnsafe(Number(response.headers['content-length']));
          let length = 0;
          response.on('data', (chunk) => {
            length += chunk.copy(answer, length);
          });
          response.on('error', reject);
          response.on('end', () => resolve(answer));
        });
        sent.end(body);
      });
    return {
      async generate({ prompt, n }, { signal }) {
        const answer = await ask(JSON.stringify({ model: 'any', prompt, n }), signal);
        const from = answer.indexOf(mark) + mark.length;
        const bytes = decode(answer.subarray(from, answer.indexOf(0x22, from)));
        const header = new DataView(bytes.buffer);
        const size = { width: header.getUint32(16), height: header.getUint32(20) };
        return { images: [{ bytes, mediaType: 'image/png', ...size }] };
      },
      close: async () => agent.destroy(),
    };
  },
});
