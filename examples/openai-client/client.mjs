// OpenAI's official client against a running `easel serve`. EASEL_URL names another address.
import { writeFile } from 'node:fs/promises';
import OpenAI from 'openai';

const openai = new OpenAI({
  baseURL: `${process.env.EASEL_URL ?? 'http://127.0.0.1:8190'}/v1`,
  apiKey: process.env.EASEL_API_KEY ?? 'not needed without keys',
});

const { data } = await openai.images.generate({ prompt: 'a yellow star at night', size: '96x96', n: 2 });
for (const [index, { b64_json: base64 }] of data.entries())
  await writeFile(`star-${index}.png`, Buffer.from(base64, 'base64'));
console.log(`${data.length} images`);
