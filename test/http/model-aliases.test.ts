import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { jsonOf, startServer } from './server.js';

const prompt = 'a fixture';
const alias = 'openai/gpt-image-2';
const configuration = { modelAliases: { [alias]: 'chaos-one' } };
const madeBy = z.object({ easel: z.object({ provenance: z.object({ model: z.string() }) }) });

it("OpenAI's client asks for a model by the name that the configuration gives it", async () => {
  const { url } = await startServer(configuration);
  const client = new OpenAI({ apiKey: 'unused', baseURL: `${url}/v1`, maxRetries: 0 });
  const made = await client.images.generate({ model: alias, prompt });
  expect(madeBy.parse(made).easel.provenance.model).toBe('chaos-one');
  expect(await client.models.retrieve(alias)).toMatchObject({ id: alias, object: 'model' });
  const ids = [];
  for await (const { id } of client.models.list()) ids.push(id);
  expect(ids).toEqual(['chaos-one', alias, 'steady-one']);
});

it.each([
  ['/api/images/generate', { prompt, model: alias }],
  ['/api/images/jobs', { prompt, model: alias }],
  ['/api/generate', { prompt, model: `${alias}:latest`, stream: false }],
  ['/sdapi/v1/txt2img', { prompt, override_settings: { sd_model_checkpoint: alias } }],
  ['/api/images/models/current', { model: alias }],
])('%s takes the name', async (path, body) => {
  const server = await startServer(configuration);
  const answer = await server.post(path, body);
  const { image = '', ...about } = await jsonOf<{ image?: string }>(answer);
  // An image tells it, too.
  const told = JSON.stringify(about) + Buffer.from(image, 'base64').toString('latin1');
  expect(told).toContain('chaos-one');
  expect(answer.status).toBeLessThan(300);
});

it('a name that leads nowhere, or is that of a model, is told and not used', async () => {
  const server = await startServer({ modelAliases: { lost: 'nobody', 'steady-one': 'chaos-one' } });
  const { problems } = server.manager.getServiceHealth();
  expect(problems.map(({ message }) => message)).toEqual([
    'modelAliases: there is no model "nobody" for "lost".',
    'modelAliases: "steady-one" is the id of a model.',
  ]);
  const made = await jsonOf<object>(
    await server.post('/v1/images/generations', { prompt, model: 'steady-one' }),
  );
  expect(madeBy.parse(made).easel.provenance.model).toBe('steady-one');
  expect((await server.post('/v1/images/generations', { prompt, model: 'lost' })).status).toBe(404);
});
