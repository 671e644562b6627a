import { fileURLToPath } from 'node:url';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import type { TestWarning } from './answers.js';
import { colours, halves } from './masked-images.js';
import { jsonOf, startServer, type TestServer } from './server.js';

const fixtures = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const path = '/v1/images/generations';

interface Answer {
  readonly data: readonly { readonly b64_json?: string }[];
  readonly background?: string;
  readonly quality?: string;
  readonly output_format: string;
  readonly easel: {
    readonly warnings: readonly TestWarning[];
    readonly provenance: { readonly parameters: { readonly options?: object } };
  };
}

let server: TestServer;
// The model `brush` takes what OpenAI's do, and `steady-one` takes nothing.
beforeAll(async () => {
  let end = async () => {};
  server = await startServer(
    {
      pluginFolders: [fixtures('mask-plugins'), fixtures('plugins')],
      catalogueFolders: [fixtures('mask-catalogue'), fixtures('catalogue')],
      currentModel: 'brush',
    },
    {},
    (given) => {
      end = given;
    },
  );
  return end;
});

async function make(body: object, route = path) {
  const response = await server.post(route, { prompt: 'blue', ...body });
  expect([response.status, body]).toEqual([200, body]);
  const answer = await jsonOf<Answer>(response);
  const bytes = Buffer.from(answer.data[0]?.b64_json ?? '', 'base64');
  const named = answer.easel.warnings.map(({ parameter }) => parameter).sort();
  return { answer, bytes, named, options: answer.easel.provenance.parameters.options };
}

it.each(['jpeg', 'webp', 'avif'])('output_compression is the quality of a %s file', async (output_format) => {
  const body = { prompt: 'noise', size: '128x128', output_format };
  const [least, most] = [
    await make({ ...body, output_compression: 0 }),
    await make({ ...body, output_compression: 100 }),
  ];
  expect([least.named, least.answer.output_format]).toEqual([[], output_format]);
  expect(least.bytes.length).toBeLessThan(most.bytes.length / 2);
  const { format, compression } = await sharp(least.bytes).metadata();
  expect(compression === 'av1' ? 'avif' : format).toBe(output_format);
});

it('output_compression counts where a mask is pasted back, and in a job', async () => {
  const picture = `data:image/png;base64,${(await halves(colours.red, colours.clear)).toString('base64')}`;
  const edit = { images: [{ image_url: picture }], mask: { image_url: picture } };
  const body = { prompt: 'noise', output_format: 'jpeg' };
  const sizes = [];
  for (const output_compression of [5, 100])
    sizes.push((await make({ ...body, ...edit, output_compression }, '/v1/images/edits')).bytes.length);
  for (const output_compression of [5, 100]) {
    const begun = await server.post(path, { ...body, output_compression, async: true });
    const ask = async () => {
      const got = await server.get(`${begun.headers.get('location')}?response_format=b64_json`);
      return await jsonOf<{ status: string; data?: { b64_json: string }[] }>(got);
    };
    await expect.poll(async () => (await ask()).status).toBe('completed');
    sizes.push((await ask()).data?.[0]?.b64_json.length ?? 0);
  }
  const [edited = 0, editedWell = 0, made = 0, madeWell = 0] = sizes;
  expect(edited).toBeLessThan(editedWell / 2);
  expect(made).toBeLessThan(madeWell / 2);
});

it.each<[object, string[]]>([
  [{ output_compression: 50 }, ['output_compression']],
  [{ output_compression: 100 }, []],
  [{ output_compression: 50, output_format: 'png' }, ['output_compression']],
  [{ background: 'auto', quality: 'auto', moderation: 'auto', input_fidelity: null }, []],
  [{ background: '', quality: '', output_format: '', size: '', style: '' }, []],
  [{ input_fidelity: 'high', moderation: 'low' }, ['input_fidelity', 'moderation']],
  [{ model: 'steady-one', background: 'opaque', quality: 'standard' }, []],
  [
    { model: 'steady-one', background: 'transparent', quality: 'high', negative_prompt: 'x' },
    ['background', 'negative_prompt', 'quality'],
  ],
])('of %j these had no effect: %j', async (body, expected) => {
  const { named, answer } = await make(body);
  expect(named).toEqual(expected);
  for (const { parameter = '', message } of answer.easel.warnings) expect(message).toContain(parameter);
});

it('background, quality and input_fidelity reach a plugin that takes them, and the answer tells them', async () => {
  const made = await make({ background: 'transparent', quality: 'high', provider_options: { brush: {} } });
  expect(made).toMatchObject({ named: [], options: { background: 'transparent', quality: 'high' } });
  expect(made.answer).toMatchObject({ background: 'transparent', quality: 'high' });
  const image = await toFile(await halves(colours.red, colours.blue), 'a.png', { type: 'image/png' });
  const client = new OpenAI({ apiKey: 'unused', baseURL: `${server.url}/v1`, maxRetries: 0 });
  const edited = await client.images.edit({
    ...{ image, prompt: 'blue', input_fidelity: 'high', output_format: 'jpeg', output_compression: 30 },
  });
  expect(edited).toMatchObject({
    output_format: 'jpeg',
    easel: { warnings: [], provenance: { parameters: { options: { inputFidelity: 'high' } } } },
  });
  // Nobody counts tokens: the answer says nothing of them.
  expect([edited.usage, edited.background, edited.quality]).toEqual([undefined, undefined, undefined]);
  const refused = await server.post(path, { prompt: 'blue', quality: 'hd' });
  expect([refused.status, await jsonOf(refused)]).toMatchObject([
    400,
    { error: { param: 'quality', message: expect.stringMatching(/quality/) } },
  ]);
});

it('options of a plugin that has not made the images are named', async () => {
  const { named } = await make({ model: 'steady-one', provider_options: { brush: { clipSkip: 1 } } });
  expect(named).toEqual(['provider_options.brush.clipSkip']);
  const both = { brush: { clipSkip: 1 }, steady: { delayMs: 0 } };
  expect((await make({ model: 'steady-one', provider_options: both })).named).toEqual([]);
});

it.each(['/v1/responses', '/v1/chat/completions', '/v1/completions'])(
  '%s is not here, which is told',
  async (route) => {
    const response = await server.post(route, { model: 'brush', input: 'a boat' });
    expect([response.status, await jsonOf(response)]).toMatchObject([
      404,
      {
        error: { type: 'invalid_request_error', message: expect.stringContaining('/v1/images/generations') },
      },
    ]);
  },
);
