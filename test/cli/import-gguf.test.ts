import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readPluginFolder } from '../../core/src/kernel/manifest/read.js';
import { recognize } from '../../core/src/model-files/recognize.js';
import { easel, workingFolder } from './easel.js';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const quantised = 'test/golden/i_quantised';
const manifests = [readPluginFolder(path('plugins/local-diffusion')).manifest];

test('easel models import takes a GGUF file by the names of its tensors', async () => {
  const folder = workingFolder({ storageFolder: 'kept', pluginFolders: [path('plugins')] });
  const file = path(`${quantised}/models/flux/flux1-dev-Q4_0.gguf`);
  const { status, stdout } = await easel(folder, ['models', 'import', file, '--id', 'own', '--json']);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ id: 'own', pipelineType: 'flux', path: file });
});

test('a transformer of Stable Diffusion 3 in GGUF is recognised', async () => {
  const file = path(`${quantised}/models/sd35/sd3.5_medium-mix.gguf`);
  expect(await recognize(file, manifests)).toMatchObject({ model: { pipelineType: 'sd3' } });
});

const damaged = readdirSync(path(`${quantised}/gguf_container/bad`));

test.each(damaged)('%s is refused, or recognised as no model', async (name) => {
  const file = path(`${quantised}/gguf_container/bad/${name}`);
  await expect(recognize(file, manifests)).rejects.toMatchObject({ code: 'ERR_MODEL_FILES_INVALID' });
});
