import type { ModelInput } from '@easel/plugin-sdk';
import { Ollama } from 'ollama';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { colours, columnsOf, halves, startMaskServer } from './masked-images.js';
import { jsonOf, startServer } from './server.js';

/** What Ollama's servers answer and its client hands on, and does not declare. */
const lineSchema = z.looseObject({
  done: z.boolean(),
  completed: z.number().optional(),
  total: z.number().optional(),
  image: z.string().optional(),
  warnings: z.array(z.looseObject({ parameter: z.string().optional() })).optional(),
});
type Line = z.output<typeof lineSchema>;
const clientOf = ({ url }: { url: string }) => new Ollama({ host: url });

describe("Ollama's client", () => {
  it('lists the models and looks at one', async () => {
    const client = clientOf(await startServer());
    expect((await client.list()).models.map(({ name }) => name)).toEqual(['chaos-one', 'steady-one']);
    expect(await client.show({ model: 'steady-one:latest' })).toMatchObject({ capabilities: ['image'] });
    expect((await client.version()).version).toMatch(/^\d+\.\d+\.\d+$/);
    await expect(client.show({ model: 'nobody' })).rejects.toMatchObject({ status_code: 404 });
    expect((await client.ps()).models).toEqual([]);
    expect(await client.pull({ model: 'steady-one' })).toMatchObject({ status: 'success' });
  });

  it('makes an image, and names what had no effect', async () => {
    const client = clientOf(await startMaskServer());
    const asked = {
      ...{ model: 'brush', prompt: 'blue', width: 96, height: 64, steps: 3, system: 'paint' },
      options: { seed: 7, temperature: 1 },
    };
    const { image, warnings } = lineSchema.parse(await client.generate(asked));
    expect(await columnsOf(Buffer.from(image ?? '', 'base64'))).toMatchObject({ size: '96x64' });
    expect(warnings?.map(({ parameter }) => parameter)).toEqual(['system', 'options.temperature']);
    const source = (await halves(colours.red, colours.white)).toString('base64');
    const edited = lineSchema.parse(await client.generate({ ...asked, prompt: 'image', images: [source] }));
    expect((await columnsOf(Buffer.from(edited.image ?? '', 'base64'))).columns[0]).toBe('ff0000');
  });

  it('is told progress, line by line', async () => {
    const slow: ModelInput = {
      ...{ id: 'slow', name: 'slow', pipelineType: 'steady' },
      source: { type: 'provider', id: 'slow' },
      defaults: { width: 64, height: 64 },
      supports: { minimumEdge: 8, maximumEdge: 1024, edgeMultiple: 1, images: 4 },
      options: { delayMs: 500 },
    };
    const client = clientOf(await startServer({}, { models: [slow] }));
    const lines: Line[] = [];
    for await (const line of await client.generate({ model: 'slow', prompt: 'x', stream: true }))
      lines.push(lineSchema.parse(line));
    const [first, last] = [lines[0], lines.at(-1)];
    expect([first?.done, first?.total, last?.done]).toEqual([false, 100, true]);
    expect(Buffer.from(last?.image ?? '', 'base64').toString('latin1', 1, 4)).toBe('PNG');
  });

  it('is not needed: curl may send JSON without saying so', async () => {
    const { url } = await startServer();
    const body = '{"model":"steady-one","prompt":"x","stream":false}';
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', '']) {
      const response = await fetch(`${url}/api/generate`, {
        method: 'POST',
        body: new TextEncoder().encode(body),
        headers: type === '' ? {} : { 'content-type': type },
      });
      expect([type, response.status]).toEqual([type, 200]);
    }
  });

  it('loads a model by an empty prompt, and is told what is wrong in its own shape', async () => {
    const server = await startServer();
    const ask = (body: object) => server.post('/api/generate', body);
    expect(await jsonOf(await ask({ model: 'steady-one' }))).toMatchObject({
      done: true,
      done_reason: 'load',
    });
    const wrong = await ask({ model: 'steady-one', prompt: 'x', width: 4, stream: false });
    expect([wrong.status, await jsonOf(wrong)]).toEqual([400, { error: expect.stringMatching(/^width: /) }]);
    const unknown = await ask({ model: 'nobody', prompt: 'x' });
    expect([unknown.status, await jsonOf(unknown)]).toEqual([
      404,
      { error: expect.stringContaining('not found') },
    ]);
  });
});
