import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { smallXlModel, writeExported } from '../fixtures/exported/write-exported.js';
import { hubToken } from './hub/index.js';
import { createRepository, readContents } from './hub/repository.js';
import { modelContents, openWorld, unetFile } from './world.js';

const name = 'easel/Picturebook';
const folderName = 'models--easel--Picturebook';
const repository = createRepository(name, await modelContents());
const unet = repository.files.get(unetFile)!;

/** Bytes of a file that left the hub or its store. */
const sentOf = ({ seen }: { seen: readonly { file?: string; sentBytes: number }[] }, path: string) =>
  seen.filter(({ file }) => file === path).reduce((sum, { sentBytes }) => sum + sentBytes, 0);

const incomplete = (cache: string) => join(cache, folderName, 'blobs', `${unet.sha256}.incomplete`);

describe('easel models install', () => {
  it('fetches what is needed into the cache that others share, and the model paints', async () => {
    const { hub, folder, cache, easel } = await openWorld([repository]);
    const installed = await easel(['models', 'install', name]);
    expect(installed).toMatchObject({ status: 0 });
    const snapshot = join(cache, folderName, 'snapshots', repository.commit);
    expect(installed.stdout.trim()).toBe(snapshot);
    expect(installed.stderr).toMatch(/picturebook-?\w* is installed \(\d+ MB\): easel generate/);
    const files = (await readdir(snapshot, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isSymbolicLink())
      .map((entry) => join(entry.parentPath, entry.name).slice(snapshot.length + 1));
    expect(files.sort()).toEqual([
      ...['model_index.json', 'scheduler/scheduler_config.json'],
      ...['text_encoder/config.json', 'text_encoder/model.safetensors'],
      ...['tokenizer/merges.txt', 'tokenizer/special_tokens_map.json', 'tokenizer/tokenizer_config.json'],
      ...['tokenizer/vocab.json', 'unet/config.json', unetFile],
      ...['vae/config.json', 'vae/diffusion_pytorch_model.safetensors'],
    ]);
    expect(await readlink(join(snapshot, unetFile))).toBe(`../../../blobs/${unet.sha256}`);
    expect(await readFile(join(cache, folderName, 'refs', 'main'), 'utf8')).toBe(repository.commit);
    expect(unet.bytes.equals(await readFile(join(snapshot, unetFile)))).toBe(true);

    const { models } = JSON.parse((await easel(['models', '--json'])).stdout) as { models: { id: string }[] };
    const entry = models.find(({ id }) => id.startsWith('easel-picturebook'));
    expect(entry).toMatchObject({ pipelineType: 'sd', available: true, installed: true, path: snapshot });
    const words = [
      'a red circle',
      '--seed',
      '7',
      '--size',
      '96',
      '--steps',
      '6',
      '--sampler',
      'ddim',
      '--guidance',
      '3',
    ];
    const paint = (model: string, out: string) =>
      easel(['generate', ...words, '--model', model, '--out', out]);
    expect(await paint(entry!.id, 'installed.png')).toMatchObject({ status: 0 });
    expect(await paint('picturebook', 'bundled.png')).toMatchObject({ status: 0 });
    const pixels = (file: string) => sharp(join(folder, file)).raw().toBuffer();
    expect((await pixels('installed.png')).equals(await pixels('bundled.png'))).toBe(true);

    const before = hub.seen.length;
    expect(await easel(['models', 'install', name])).toMatchObject({ status: 0 });
    expect(hub.seen.slice(before).map(({ file }) => file)).toEqual([undefined]);
  });

  it('goes on where a killed one stopped', async () => {
    const { hub, cache, start, easel } = await openWorld([repository]);
    hub.faults.add(unetFile, { kind: 'slow', bytesPerSecond: 2_000_000 });
    const { child, ended } = start(['models', 'install', name]);
    const size = () =>
      stat(incomplete(cache)).then(
        (status) => status.size,
        () => 0,
      );
    await expect.poll(size, { interval: 20 }).toBeGreaterThan(1_000_000);
    child.kill('SIGKILL');
    await ended;
    const there = await size();
    expect(there).toBeLessThan(unet.bytes.length);
    expect((await easel(['models', '--json'])).stdout).not.toContain(repository.commit);
    const sent = sentOf(hub, unetFile);
    expect(await easel(['models', 'install', name])).toMatchObject({ status: 0 });
    expect(sentOf(hub, unetFile) - sent).toBe(unet.bytes.length - there);
    const rest = hub.seen.filter(({ at, file, range }) => at === 'store' && file === unetFile && range);
    expect(rest).toMatchObject([{ range: `bytes=${there}-`, ifRange: `"${unet.sha256}"` }]);
  });

  it('outlives cut connections, pauses that are asked for, and servers that fail', async () => {
    const { hub, easel } = await openWorld([repository]);
    hub.faults.add(
      unetFile,
      { kind: 'cut', afterBytes: 300_000 },
      { kind: 'status', status: 429, retryAfterSeconds: 1 },
      { kind: 'cut', afterBytes: 200_000 },
      { kind: 'status', status: 503 },
    );
    hub.faults.add('unet/config.json', { kind: 'cut', afterBytes: 10 });
    expect(await easel(['models', 'install', name])).toMatchObject({ status: 0 });
    expect(sentOf(hub, unetFile)).toBe(unet.bytes.length);
    const ranges = hub.seen
      .filter(({ at, file }) => at === 'store' && file === unetFile)
      .map(({ range }) => range);
    expect(ranges).toEqual([undefined, 'bytes=300000-', 'bytes=300000-', 'bytes=500000-', 'bytes=500000-']);
  });

  it.each(['flip', 'longer'] as const)(
    'keeps nothing of a file whose contents are wrong (%s)',
    async (kind) => {
      const { hub, cache, easel } = await openWorld([repository]);
      hub.faults.add(unetFile, ...Array.from({ length: 6 }, () => ({ kind })));
      const failed = await easel(['models', 'install', name]);
      expect(failed.status).toBe(1);
      expect(failed.stderr).toMatch(
        kind === 'flip' ? /its hash is not [0-9a-f]{64}/ : /is longer than the \d+ bytes/,
      );
      const blobs = await readdir(join(cache, folderName, 'blobs'));
      expect(blobs).not.toContain(unet.sha256);
      if (kind === 'flip') expect(blobs.filter((blob) => blob.includes('incomplete'))).toEqual([]);
      expect(existsSync(join(cache, folderName, 'snapshots'))).toBe(false);
    },
    60_000,
  );

  it('shows its token to the hub, and never to the store that it redirects to', async () => {
    const gated = createRepository(name, await modelContents(), { access: 'gated' });
    const { hub, easel } = await openWorld([gated]);
    const refused = await easel(['models', 'install', name]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/gated on http.*\n.*HF_TOKEN/);
    const installed = await easel(['models', 'install', name], { HF_TOKEN: hubToken });
    expect(installed).toMatchObject({ status: 0 });
    expect(installed.stdout + installed.stderr).not.toContain(hubToken);
    const stored = hub.seen.filter(({ at }) => at === 'store');
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.map(({ authorization }) => authorization).filter(Boolean)).toEqual([]);
    expect(hub.seen.filter(({ at, authorization }) => at === 'hub' && authorization).length).toBeGreaterThan(
      10,
    );
  });

  it('works once where two do it at the same time', async () => {
    const { hub, easel } = await openWorld([repository]);
    hub.faults.add(unetFile, { kind: 'slow', bytesPerSecond: 10_000_000 });
    const both = await Promise.all([easel(['models', 'install', name]), easel(['models', 'install', name])]);
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    expect(sentOf(hub, unetFile)).toBe(unet.bytes.length);
    expect(both.map(({ stderr }) => stderr).join()).toContain('waiting for it');
  });

  it('takes a revision, a variant, or one file; and says what there is', async () => {
    const contents = await modelContents();
    const half = { ...contents, 'unet/diffusion_pytorch_model.fp16.safetensors': Buffer.from('half') };
    const variants = createRepository(name, half, { revisions: ['main', 'v1'] });
    const checkpoint = contents['vae/diffusion_pytorch_model.safetensors']!;
    const several = createRepository('easel/several', {
      'one.safetensors': checkpoint,
      'two.safetensors': checkpoint,
    });
    const pickled = createRepository('easel/pickled', { 'model.ckpt': Buffer.from('x') });
    const { hub, cache, easel } = await openWorld([variants, several, pickled]);
    expect(await easel(['models', 'install', `${name}@v1`])).toMatchObject({ status: 0 });
    expect(existsSync(join(cache, folderName, 'refs', 'v1'))).toBe(true);
    expect(hub.seen.map(({ file }) => file)).not.toContain('unet/diffusion_pytorch_model.fp16.safetensors');
    const failures = [
      [`${name}@v9`, /no such revision: easel\/Picturebook@v9/],
      ['easel/nothing', /There is no easel\/nothing@main on http/],
      ['easel/several', /several checkpoints: one\.safetensors, two\.safetensors/],
      ['easel/several:three.safetensors', /no file "three\.safetensors"; it has one/],
      ['easel/pickled', /no \.safetensors file[\s\S]*pickles/],
      ['picturbook', /There is no model "picturbook"; there are: picturebook/],
      ['picturebook', /needs no install/],
    ] as const;
    for (const [what, message] of failures) {
      const failed = await easel(['models', 'install', what]);
      expect(failed.stderr).toMatch(message);
      expect(failed.status).not.toBe(0);
    }
    const bf16 = await easel(['models', 'install', name, '--variant', 'bf16']);
    expect(bf16.stderr).toMatch(/no bf16 of "text_encoder"[\s\S]*variants are: none/);
  });

  it('is pinned to a revision', async () => {
    const contents = await modelContents();
    const config = 'scheduler/scheduler_config.json';
    const older = {
      ...contents,
      [config]: Buffer.from(contents[config]!.toString().replace('DDIM', 'PNDM')),
    };
    const then = createRepository(name, older, { revisions: ['v1'] });
    const { easel } = await openWorld([repository, then]);
    for (const [reference, repo] of [
      [`${name}@v1`, then],
      [name, repository],
      [`${name}@${then.commit}`, then],
    ] as const) {
      const { stdout } = await easel(['models', 'install', reference]);
      expect(stdout.trim()).toMatch(new RegExp(`${repo.commit}$`));
      expect(repo.files.get(config)!.bytes.equals(await readFile(join(stdout.trim(), config)))).toBe(true);
    }
    expect(then.commit).not.toBe(repository.commit);
  });

  it('says that the disk is full, and leaves nothing that passes for the model', async () => {
    const { cache, easel } = await openWorld([repository]);
    await mkdir(dirname(incomplete(cache)), { recursive: true });
    await symlink('/dev/full', incomplete(cache));
    const failed = await easel(['models', 'install', name]);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toMatch(/cannot be written \(ENOSPC\)[\s\S]*Make room/);
    expect((await easel(['models', '--json'])).stdout).not.toContain(repository.commit);
    await rm(incomplete(cache));
    expect(await easel(['models', 'install', name])).toMatchObject({ status: 0 });
  });

  it('says that its folder cannot be written', async () => {
    const { folder, easel } = await openWorld([repository]);
    const environment = { HF_HOME: join(folder, 'easel.config.json') };
    const failed = await easel(['models', 'install', name], environment);
    expect(failed.status).toBe(1);
    expect(failed.stderr).toMatch(
      /easel\.config\.json.* cannot be written \((ENOTDIR|EEXIST)\)[\s\S]*HF_HOME/,
    );
  });
});

it('fetches a model that was exported to ONNX, with the files of weights beside its graphs, and it paints', async () => {
  const exported = await mkdtemp(join(tmpdir(), 'easel-exported-'));
  onTestFinished(() => rm(exported, { recursive: true, maxRetries: 10 }));
  const ports = { floats: 'float32' } as const;
  const parts = ['text_encoder', 'text_encoder_2', 'unet', 'vae_decoder', 'vae_encoder'];
  await writeExported(exported, {
    ...{ source: smallXlModel, family: 'sdxl', className: 'ORTStableDiffusionXLPipeline' },
    dataFile: 'model.onnx_data',
    ports: Object.fromEntries(parts.map((part) => [part, ports])),
  });
  const needless = { 'unet/model_fp16.onnx': Buffer.from('another'), 'unet/card.md': Buffer.from('words') };
  const contents = { ...(await readContents(exported)), ...needless };
  const { easel, cache } = await openWorld([createRepository('easel/small-xl-onnx', contents)]);
  const installed = await easel(['models', 'install', 'easel/small-xl-onnx']);
  expect(installed.stderr).toContain('is installed');
  const fetched = await readdir(cache, { recursive: true, withFileTypes: true });
  const names = fetched.filter((entry) => entry.isSymbolicLink()).map((entry) => entry.name);
  expect(names.filter((each) => each === 'model.onnx_data')).toHaveLength(5);
  expect(names).not.toContain('model_fp16.onnx');
  expect(names).not.toContain('card.md');
  const words = ['generate', 'a red circle', '--model', 'small-xl-onnx', '--size', '64', '--steps', '2'];
  expect(await easel([...words, '--out', 'painted.png'])).toMatchObject({
    status: 0,
    stderr: expect.not.stringContaining('error'),
  });
});
