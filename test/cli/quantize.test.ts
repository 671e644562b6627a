import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { quantizeModel } from '../../core/src/model-files/quantize/quantize-model.js';
import { readGguf } from '../../plugins/local-diffusion/src/checkpoint/gguf/gguf.js';
import { easel, workingFolder } from './easel.js';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const golden = (relative: string) => path(`test/golden/${relative}`);
const transformer = golden('f_single_file/flux/flux1-dev.safetensors');
const pluginFolders = [path('plugins')];

async function bytesAt({ file, offset, length }: { file: string; offset: number; length: number }) {
  const handle = await open(file);
  const bytes = Buffer.alloc(length);
  await handle.read(bytes, 0, length, offset);
  await handle.close();
  return bytes;
}

/** How far two images are from each other: the mean of a channel's difference, of 255. */
async function difference(folder: string, one: string, other: string): Promise<number> {
  const read = (name: string) =>
    sharp(readFileSync(join(folder, name)))
      .removeAlpha()
      .raw()
      .toBuffer();
  const [a, b] = await Promise.all([read(one), read(other)]);
  return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]!), 0) / a.length;
}

test.each(['Q8_0', 'Q4_0'] as const)('%s is bit for bit what the tools for GGUF write', async (type) => {
  const folder = workingFolder();
  const out = join(folder, 'copy.gguf');
  await quantizeModel(transformer, out, type === 'Q8_0' ? 'q8' : 'q4');
  const made = (await readGguf(out)).tensors;
  const reference = (await readGguf(golden(`i_quantised/models/flux/flux1-dev-${type}.gguf`))).tensors;
  const both = [...made].filter(([name, { dtype }]) => dtype === type && reference.get(name)?.dtype === type);
  expect([...made.keys()].sort()).toEqual([...reference.keys()].sort());
  expect(both.length).toBeGreaterThan(10);
  for (const [name, location] of both)
    expect((await bytesAt(location)).equals(await bytesAt(reference.get(name)!)), name).toBe(true);
});

test('a copy that was stopped goes on, and one that the disk spoils is noticed', async () => {
  const folder = workingFolder();
  const whole = join(folder, 'whole.gguf');
  const seen: number[] = [];
  const onProgress = ({ bytes }: { bytes: number }) => seen.push(bytes);
  await quantizeModel(transformer, whole, 'q8', { onProgress });
  const steps = seen.length;

  const stopAt = async (out: string, share: number) => {
    const controller = new AbortController();
    const stop = { count: 0 };
    const stopping = quantizeModel(transformer, out, 'q8', {
      signal: controller.signal,
      onProgress() {
        stop.count += 1;
        if (stop.count >= steps * share) controller.abort(new Error('stopped'));
      },
    });
    await expect(stopping).rejects.toThrow('stopped');
    expect(existsSync(out)).toBe(false);
  };
  const resumed = join(folder, 'resumed.gguf');
  await stopAt(resumed, 0.3);
  const noted = readFileSync(`${resumed}.journal`, 'utf8').trim().split('\n').filter(Boolean).length;
  expect(noted).toBeGreaterThan(5);
  await quantizeModel(transformer, resumed, 'q8');
  expect((await readFile(resumed)).equals(await readFile(whole))).toBe(true);

  const spoilt = join(folder, 'spoilt.gguf');
  await stopAt(spoilt, 0.3);
  const partial = readFileSync(`${spoilt}.partial`);
  const [name, first] = [...(await readGguf(whole)).tensors].find(([, { dtype }]) => dtype === 'Q8_0')!;
  partial[first.offset + 5]! ^= 1;
  writeFileSync(`${spoilt}.partial`, partial);
  await expect(quantizeModel(transformer, spoilt, 'q8')).rejects.toMatchObject({
    code: 'ERR_STORAGE',
    message: expect.stringContaining(name),
  });
  await quantizeModel(transformer, spoilt, 'q8');
  expect((await readFile(spoilt)).equals(await readFile(whole))).toBe(true);
  const left = readdirSync(folder).filter((each) => /partial|journal|lock/.test(each));
  expect(left).toEqual([]);
});

test('what is quantised already, or has numbers that are not finite, is refused by its name', async () => {
  const folder = workingFolder();
  const out = join(folder, 'copy.gguf');
  const code = 'ERR_MODEL_FILES_INVALID';
  for (const name of ['flux1-dev-Q4_0.gguf', 'flux1-dev-fp8_e4m3fn.safetensors']) {
    await expect(quantizeModel(golden(`i_quantised/models/flux/${name}`), out, 'q4')).rejects.toMatchObject({
      code,
      message: expect.stringContaining('quantised already'),
    });
  }
  const header = { 'a.weight': { dtype: 'F16', shape: [32, 32], data_offsets: [0, 2048] } };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const damaged = join(folder, 'damaged.safetensors');
  writeFileSync(damaged, Buffer.concat([length, text, Buffer.alloc(2048, 0xff)]));
  for (const to of ['q8', 'int8'] as const) {
    await expect(quantizeModel(damaged, out, to)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('"a.weight" has the number NaN'),
    });
  }
});

test('easel models quantize makes smaller copies of FLUX in ComfyUI’s folders, which make its image', async () => {
  const folder = workingFolder({ storageFolder: 'kept', pluginFolders });
  const models = join(folder, 'models');
  const pipeline = golden('d_pipelines/flux_pipeline');
  await cp(transformer, join(models, 'diffusion_models/flux1-dev.safetensors'));
  await cp(
    golden('f_single_file/flux/t5xxl_fp16.safetensors'),
    join(models, 'text_encoders/t5xxl_fp16.safetensors'),
  );
  await cp(golden('f_single_file/flux/clip_l.safetensors'), join(models, 'text_encoders/clip_l.safetensors'));
  await cp(golden('f_single_file/flux/ae.safetensors'), join(models, 'vae/ae.safetensors'));
  // Shapes this small do not tell the configs.
  await cp(pipeline, join(models, 'diffusion_models/flux1-dev'), {
    recursive: true,
    filter: (each) => !each.endsWith('.safetensors'),
  });
  const run = async (...words: string[]) => {
    const { status, stdout, stderr } = await easel(folder, words);
    expect([status, stderr]).toEqual([0, expect.anything()]);
    return stdout;
  };
  const generate = (model: string) =>
    run(
      ...['generate', 'a photo of a cat', '--model', model, '--size', '64', '--steps', '2', '--seed', '7'],
      ...['--out', `${model}.png`],
    );
  await run('models', 'import', join(models, 'diffusion_models/flux1-dev.safetensors'));
  await generate('flux1-dev');
  for (const to of ['q8', 'int8']) {
    const made = JSON.parse(await run('models', 'quantize', 'flux1-dev', '--to', to, '--json'));
    expect(made).toMatchObject({
      id: `flux1-dev-${to}`,
      path: expect.stringContaining(join(models, 'diffusion_models')),
    });
    expect(made.bytes).toBeLessThan(0.75 * made.bytesBefore);
    await generate(made.id);
    const away = await difference(folder, 'flux1-dev.png', `${made.id}.png`);
    expect(away).toBeGreaterThan(0);
    expect(away).toBeLessThan(3);
  }
  const again = await easel(folder, ['models', 'quantize', 'flux1-dev', '--to', 'q8']);
  expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('flux1-dev-q8')]);
});

test('easel models quantize makes a copy of the bundled model in the storage folder', async () => {
  const folder = workingFolder({
    storageFolder: 'kept',
    pluginFolders,
    catalogueFolders: [path('models/catalogue')],
    currentModel: 'picturebook',
  });
  const generate = async (model: string) => {
    const words = ['a yellow star at night', '--model', model, '--seed', '7', '--steps', '5'];
    expect(await easel(folder, ['generate', ...words, '--out', `${model}.png`])).toMatchObject({ status: 0 });
  };
  const left = join(folder, 'kept/models/picturebook-q4.partial/unet');
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, '.easel-0123456789abcdef.tmp'), 'of a try that was cut off');
  const { status, stdout, stderr } = await easel(folder, ['models', 'quantize', 'picturebook', '--to', 'q4']);
  expect([status, stdout.trim()]).toEqual([0, join(folder, 'kept/models/picturebook-q4')]);
  expect(stderr).toContain('picturebook-q4 takes 10 MB of 21 MB');
  expect(readdirSync(join(stdout.trim(), 'unet')).filter((name) => /tmp|journal/.test(name))).toEqual([]);
  await generate('picturebook');
  await generate('picturebook-q4');
  expect(await difference(folder, 'picturebook.png', 'picturebook-q4.png')).toBeLessThan(4);
});
