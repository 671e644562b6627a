import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createImageServiceManager, type ImageServiceManager } from '@easel/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floatTensor, writeSafetensors } from '../reference/tensors.js';

/**
 * Models that cannot be used are clear errors, and the engine goes on: the same process makes the next
 * picture.
 */
const bundledModel = fileURLToPath(new URL('../../models/picturebook', import.meta.url));
const easel = fileURLToPath(new URL('../../core/bin/easel.js', import.meta.url));
const unet = 'unet/diffusion_pytorch_model.safetensors';

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
type Change = (bytes: Buffer) => Buffer | undefined;

const withHeader =
  (edit: (header: Header) => void): Change =>
  (bytes) => {
    const end = 8 + Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.subarray(8, end).toString()) as Header;
    edit(header);
    const text = Buffer.from(JSON.stringify(header).padEnd(end - 8));
    return Buffer.concat([bytes.subarray(0, 8), text, bytes.subarray(end)]);
  };

/** What is wrong, with which file, and what the error says of it. */
const cases: readonly [string, string, Change, RegExp][] = [
  ['is cut off', unet, (bytes) => bytes.subarray(0, bytes.length / 2), /unet.*(ends|beyond|truncated|bytes)/],
  [
    'says that its header has 2^60 bytes',
    unet,
    (bytes) => {
      bytes.writeBigUInt64LE(2n ** 60n);
      return bytes;
    },
    /unet.*header would be longer than/,
  ],
  [
    'has tensors that overlap',
    unet,
    withHeader((header) => {
      const names = Object.keys(header).filter((name) => name !== '__metadata__');
      const [one, other] = names.filter((name) => `${header[name]!.shape}` === `${header[names[0]!]!.shape}`);
      header[other!]!.data_offsets = header[one!]!.data_offsets;
    }),
    /unet.*(overlap|same bytes)/,
  ],
  [
    'lacks a tensor',
    unet,
    withHeader((header) => {
      header['conv_on.weight'] = header['conv_in.weight']!;
      delete header['conv_in.weight'];
    }),
    /conv_in\.weight.*conv_on\.weight/,
  ],
  [
    'has a tensor of another shape',
    unet,
    withHeader((header) => header['conv_in.weight']!.shape.reverse()),
    /conv_in\.weight.*\[3, ?3, ?4, ?\d+\]/,
  ],
  [
    'has a config that does not fit the weights',
    'unet/config.json',
    (bytes) => Buffer.from(bytes.toString().replace(/64,\s*128,\s*160/, '128, 256, 320')),
    /\[256, ?64\].*config\.json calls for \[512, ?128\]/,
  ],
  [
    'has a config that is not JSON',
    'unet/config.json',
    () => Buffer.from('{ "a":'),
    /unet.config\.json.*JSON/,
  ],
  ['lacks its config', 'vae/config.json', () => undefined, /vae.config\.json/],
  ['has half a vocabulary', 'tokenizer/vocab.json', (bytes) => bytes.subarray(0, 900), /vocab\.json/],
  ['lacks its weights', unet, () => undefined, /unet/],
];

let folder: string;
let manager: ImageServiceManager;
const modelId = (index: number) => `bad-${index}`;

/** The bundled model, but for one file: links to all others. */
async function writeModel(path: string, file: string, change: Change): Promise<void> {
  for (const entry of await readdir(bundledModel, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    const to = join(path, from.slice(bundledModel.length));
    await mkdir(dirname(to), { recursive: true });
    if (from !== join(bundledModel, file)) await symlink(from, to);
  }
  const changed = change(await readFile(join(bundledModel, file)));
  if (changed) await writeFile(join(path, file), changed);
}

async function writeEntry(id: string, source: object): Promise<void> {
  const entry = {
    ...{ id, name: id, pipelineType: 'sd', source, defaults: { width: 32, height: 32, steps: 1 } },
    supports: { minimumEdge: 32, maximumEdge: 128, edgeMultiple: 32, images: 1, steps: true },
  };
  await writeFile(join(folder, 'catalogue', `${id}.json`), JSON.stringify(entry));
}

const pidOf = () => manager.getServiceHealth().plugins.find(({ id }) => id === 'local-diffusion')?.pid;
const paint = (model: string, options: object = {}) =>
  manager.generateImage({
    ...{ prompt: 'a red circle', model, width: 32, height: 32, steps: 1 },
    providerOptions: { 'local-diffusion': options as never },
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-bad-models-'));
  await mkdir(join(folder, 'catalogue'));
  await writeEntry('good', { type: 'folder', path: bundledModel });
  for (const [index, [, file, change]] of cases.entries()) {
    await writeModel(join(folder, modelId(index)), file, change);
    await writeEntry(modelId(index), { type: 'folder', path: join(folder, modelId(index)) });
  }
  manager = createImageServiceManager({
    configuration: { pluginFolders: [], catalogueFolders: [join(folder, 'catalogue')] },
  });
  await paint('good');
}, 60_000);
afterAll(async () => {
  await manager.close();
  await rm(folder, { recursive: true, maxRetries: 10 });
});

describe('a model that', () => {
  it.each(cases.map(([what, , , message], index) => [what, index, message] as const))(
    '%s is refused, and the engine lives on',
    async (_, index, message) => {
      const before = pidOf();
      await expect(paint(modelId(index))).rejects.toMatchObject({
        code: 'ERR_MODEL_FILES_INVALID',
        message: expect.stringMatching(message),
      });
      expect((await paint('good')).images).toHaveLength(1);
      expect(pidOf()).toBe(before);
    },
  );

  it('gets a LoRA of another family is refused, and the engine lives on', async () => {
    const path = join(folder, 'sdxl-lora.safetensors');
    const module = 'lora_te2_text_model_encoder_layers_31_self_attn_q_proj';
    await writeSafetensors(path, {
      [`${module}.lora_down.weight`]: floatTensor([2, 1280], new Float32Array(2 * 1280)),
      [`${module}.lora_up.weight`]: floatTensor([1280, 2], new Float32Array(2 * 1280)),
    });
    const before = pidOf();
    await expect(paint('good', { loras: [{ path, weight: 1 }] })).rejects.toMatchObject({
      message: expect.stringMatching(/sdxl-lora\.safetensors/),
    });
    expect((await paint('good')).images).toHaveLength(1);
    expect(pidOf()).toBe(before);
  });

  it('may not be read says so', async () => {
    const path = join(folder, 'locked');
    await cp(bundledModel, path, { recursive: true });
    await chmod(join(path, unet), 0);
    await writeEntry('locked', { type: 'folder', path });
    const configuration = { pluginFolders: [], catalogueFolders: ['catalogue'], storageFolder: 'storage' };
    await writeFile(join(folder, 'easel.config.json'), JSON.stringify(configuration));
    const words = [easel, 'generate', 'a red circle', '--model', 'locked', '--out', join(folder, 'none.png')];
    const { status, stderr } = await unprivileged(process.execPath, words);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/EACCES.*unet|unet.*EACCES/);
  });
});

/** Runs a command to whom permissions apply, as they do not to the superuser. */
async function unprivileged(command: string, words: readonly string[]) {
  const without = [
    '--bounding-set=-dac_override,-dac_read_search',
    '--inh-caps=-dac_override,-dac_read_search',
  ];
  const all = process.getuid?.() === 0 ? ['setpriv', ...without, command, ...words] : [command, ...words];
  return await new Promise<{ status: number | null; stderr: string }>((resolve) => {
    const child = execFile(all[0]!, all.slice(1), { cwd: folder }, (_, _stdout, stderr) =>
      resolve({ status: child.exitCode, stderr }),
    );
  });
}
