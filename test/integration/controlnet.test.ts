import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { serveFrom } from '../chaos/fixtures/serve-command.js';
import { easel } from '../cli/easel.js';
import { jsonOf } from '../http/server.js';
import { asked, createControlledModel, edge, guidance, readControlReference } from './controlled-model.js';

it('an image is followed by a ControlNet at each door as diffusers does it', async () => {
  const folder = await createControlledModel();
  const { image, expectReference } = await readControlReference();
  await sharp(image).toFile(join(folder, 'edges.png'));
  const sent = image.toString('base64');

  const { url } = await serveFrom(folder);
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as { image_url: string; images: string[] } };
  };
  const listed = async (name: string) => await jsonOf<object>(await fetch(`${url}/controlnet/${name}`));
  // What is for FLUX is not among them: no model that can be used takes it.
  const names = ['edges', 'controlnet/xl'];
  expect(await listed('model_list')).toEqual({ model_list: names });
  expect(await listed('control_types')).toMatchObject({
    control_types: { All: { module_list: ['none'], model_list: ['None', ...names] } },
  });
  expect(await listed('settings')).toEqual({ control_net_unit_count: 4 });

  const own = { ...asked, model: 'tiny', size: `${edge}x${edge}`, guidance_scale: guidance };
  const control = [{ image: sent, model: 'controlnet/edges.safetensors' }];
  const made = await post('/api/images/generate', { ...own, control });
  expect(made).toMatchObject({ status: 200, body: { warnings: [] } });
  const stored = await fetch(made.body.image_url);
  await expectReference(new Uint8Array(await stored.arrayBuffer()));

  const { sampler, ...common } = asked;
  const unit = { enabled: true, image: sent, model: 'edges [d14c016b]', module: 'none', weight: 1 };
  const automatic = {
    ...{ ...common, cfg_scale: guidance, sampler_name: sampler, width: edge, height: edge },
    override_settings: { sd_model_checkpoint: 'tiny' },
  };
  const scripts = (args: readonly object[]) => ({ alwayson_scripts: { ControlNet: { args } } });
  const byUnit = await post('/sdapi/v1/txt2img', { ...automatic, ...scripts([unit, { enabled: false }]) });
  expect(byUnit.status).toBe(200);
  const [base64] = byUnit.body.images;
  await expectReference(Buffer.from(base64!, 'base64'));

  const words = ['--negative', asked.negative_prompt, '--seed', '171', '--steps', '5', '--size', `${edge}`];
  const rest = ['--model', 'tiny', '--guidance', `${guidance}`, '--sampler', sampler, '--out', 'made.png'];
  const net = ['--control', 'edges.png', '--control-model', 'models/controlnet/edges.safetensors'];
  const command = await easel(folder, ['generate', asked.prompt, ...words, ...rest, ...net]);
  expect(command).toMatchObject({ status: 0, stderr: expect.not.stringContaining('warning') });
  await expectReference(await readFile(join(folder, 'made.png')));

  const refusals: readonly [object, RegExp][] = [
    [{ control: [{ image: sent }] }, /control\.0\.model: the model has no ControlNet of its own/],
    [{ control: [{ image: sent, model: '../secret.safetensors' }] }, /is not a file that a request may name/],
    [{ control: [{ image: sent, model: 'controlnet/xl' }] }, /The ControlNet xl is for another model/],
    [{ control: [{ image: sent, model: 'controlnet/flux' }] }, /flux is a ControlNet for FLUX/],
    [{ control: [{ ...control[0], kind: 3 }] }, /control\.0\.kind: the ControlNet tells one kind of images/],
    [
      { control: [{ ...control[0], start: 0.5, end: 0.2 }] },
      /control: 0\.start is 0\.5, and 0\.end only 0\.2/,
    ],
  ];
  for (const [wrong, told] of refusals) {
    const refused = await post('/api/images/generate', { ...own, ...wrong });
    expect(refused.status, JSON.stringify(refused.body)).not.toBe(200);
    expect(JSON.stringify(refused.body)).toMatch(told);
  }
  const prepared = await post('/sdapi/v1/txt2img', {
    ...automatic,
    ...scripts([{ ...unit, module: 'canny' }]),
  });
  expect(prepared.status).toBe(400);
  expect(JSON.stringify(prepared.body)).toMatch(/args\.0\.module: \\"canny\\" is a preprocessor/);
}, 240_000);
