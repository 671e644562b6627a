import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeSafetensors } from '../reference/tensors.js';
import { createRepository } from './hub/repository.js';
import { bundledEntry, bundledModel, modelContents, openWorld, unetFile } from './world.js';

const name = 'easel/Picturebook';
const folderName = 'models--easel--Picturebook';
const repository = createRepository(name, await modelContents());
const unet = repository.files.get(unetFile)!;

describe('what is installed', () => {
  it('is verified, mended and removed', async () => {
    const { cache, easel } = await openWorld([repository]);
    await easel(['models', 'install', name, '--id', 'mine']);
    expect((await easel(['models', 'verify'])).stdout).toMatch(/^mine: 12 files, all right\n$/);
    const blob = join(cache, folderName, 'blobs', unet.sha256);
    const bytes = Buffer.from(await readFile(blob));
    bytes[1000]! ^= 1;
    await writeFile(blob, bytes);
    const damaged = await easel(['models', 'verify', 'mine']);
    expect(damaged).toMatchObject({ status: 1, stdout: `mine: damaged: ${unetFile}\n` });
    expect(damaged.stderr).toContain('easel models install mine');
    expect(await easel(['models', 'install', 'mine'])).toMatchObject({ status: 0 });
    expect(
      createHash('sha256')
        .update(await readFile(blob))
        .digest('hex'),
    ).toBe(unet.sha256);
    expect(await easel(['models', 'verify', 'mine'])).toMatchObject({ status: 0 });
    expect(await easel(['models', 'remove', 'mine'])).toMatchObject({ status: 0 });
    expect(existsSync(join(cache, folderName))).toBe(false);
    expect((await easel(['models', '--json'])).stdout).not.toContain('"mine"');
  });

  it('is removed file by file where a repository has several models', async () => {
    const contents = await modelContents();
    const checkpoint = contents['vae/diffusion_pytorch_model.safetensors']!;
    const files = { 'one.safetensors': checkpoint, 'two.safetensors': contents[unetFile]! };
    const { cache, folder, easel } = await openWorld([createRepository('easel/two', files)]);
    await mkdir(join(folder, 'catalogue'));
    const { source: _, ...shared } = JSON.parse(await readFile(bundledEntry, 'utf8')) as Record<
      string,
      unknown
    >;
    for (const name of ['one', 'two']) {
      const source = { type: 'hub', repository: 'easel/two', file: `${name}.safetensors` };
      const entry = { ...shared, $schema: undefined, id: name, source };
      await writeFile(join(folder, 'catalogue', `${name}.json`), JSON.stringify(entry));
      expect(await easel(['models', 'install', name])).toMatchObject({ status: 0 });
    }
    expect(await easel(['models', 'remove', 'one'])).toMatchObject({ status: 0 });
    expect(await easel(['models', 'verify', 'two'])).toMatchObject({ status: 0 });
    expect((await easel(['models', 'verify', 'one'])).stderr).toContain('not installed');
    expect(await easel(['models', 'remove', 'two'])).toMatchObject({ status: 0 });
    expect(existsSync(join(cache, 'models--easel--two'))).toBe(false);
  });

  it('is a clear error where it is not: in a call, in the list and for the other commands', async () => {
    const { easel } = await openWorld([repository]);
    const failed = await easel(['generate', 'a cat', '--model', 'sdxl-turbo']);
    expect(failed.stderr).toMatch(/ERR_MODEL_NOT_INSTALLED[\s\S]*easel models install sdxl-turbo/);
    expect((await easel(['models'])).stdout).toMatch(
      /sdxl-turbo .*not installed: easel models install sdxl-turbo/,
    );
    expect((await easel(['models', 'remove', 'sdxl-turbo'])).stderr).toMatch(/not installed/);
    expect((await easel(['models', 'verify', 'sdxl-turbo'])).stderr).toMatch(/not installed/);
  });
});

describe('easel models import', () => {
  it('tells a Git LFS pointer from a model, and takes names below state_dict.', async () => {
    const { folder, easel } = await openWorld([]);
    const pointer = join(folder, 'pointer.safetensors');
    await writeFile(
      pointer,
      `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 9\n`,
    );
    expect((await easel(['models', 'import', pointer])).stderr).toMatch(
      /is a Git LFS pointer[\s\S]*git lfs pull/,
    );
    const wrapped = join(folder, 'wrapped.SFT');
    const name = 'state_dict.cond_stage_model.transformer.text_model.final_layer_norm.weight';
    const tensor = { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) };
    await writeSafetensors(wrapped, { [name]: tensor });
    expect(await easel(['models', 'import', wrapped])).toMatchObject({ status: 0 });
    expect((await easel(['models'])).stdout).toMatch(/^wrapped /m);
  });

  it.each([
    ['a LoRA', 'lora_unet_mid_block_attentions_0_proj_in.lora_up.weight', /<lora:name:0\.8>/],
    ["a LoRA of PEFT's", 'unet.mid_block.proj_in.lora_A.weight', /is a LoRA/],
    ['an autoencoder', 'decoder.conv_in.weight', /is an autoencoder, not a model[\s\S]*`vae`/],
    ['a textual inversion', 'emb_params', /is a textual inversion[\s\S]*`embeddings`/],
  ])('says of %s what it is, and how it is used', async (_, name, message) => {
    const { folder, easel } = await openWorld([]);
    const path = join(folder, 'part.safetensors');
    await writeSafetensors(path, { [name]: { dtype: 'F32', shape: [1], bytes: new Uint8Array(4) } });
    expect((await easel(['models', 'import', path])).stderr).toMatch(message);
  });

  it('leaves a model where it is, and paints with it', async () => {
    const { folder, easel } = await openWorld([]);
    const imported = await easel(['models', 'import', bundledModel, '--id', 'own']);
    expect(imported).toMatchObject({ status: 0 });
    const words = [
      'generate',
      'a red circle',
      '--model',
      'own',
      '--size',
      '96',
      '--steps',
      '2',
      '--out',
      'own.png',
    ];
    expect(await easel(words)).toMatchObject({ status: 0 });
    expect(existsSync(join(folder, 'own.png'))).toBe(true);
    expect(await easel(['models', 'import', bundledModel, '--id', 'own'])).toMatchObject({ status: 2 });
    expect(await easel(['models', 'remove', 'own'])).toMatchObject({ status: 0 });
    expect(existsSync(join(bundledModel, unetFile))).toBe(true);
  });

  it.each([
    ['/nowhere/at/all', /is not there/],
    ['easel.config.json', /is not a \.safetensors or \.gguf file/],
    ['.', /has no model_index\.json/],
  ])('refuses %s', async (path, message) => {
    const { easel } = await openWorld([]);
    const refused = await easel(['models', 'import', path]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(message);
  });
});
