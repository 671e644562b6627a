import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initSync, WasmReader } from '@contentauth/c2pa-wasm';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { openImageMarker } from '../../core/src/results/content-credentials/mark-images.js';

import { type Certificates, makeCertificates } from './certificates.js';
import { startServer, type TestServer } from './server.js';

// C2PA's own verifier, in WebAssembly: another program than the one that signs.
const wasm = createRequire(import.meta.url).resolve('@contentauth/c2pa-wasm/c2pa.wasm');

const makeFolder = () => mkdtemp(join(tmpdir(), 'easel-c2pa-'));

let folder: string;
let certificates: Certificates;
let server: TestServer;
beforeAll(async () => {
  initSync({ module: await readFile(wasm) });
  certificates = await makeCertificates();
  folder = await makeFolder();
  await writeFile(join(folder, 'chain.pem'), certificates.chain);
  await writeFile(join(folder, 'key.pem'), certificates.key);
  let end = async () => {};
  server = await startServer({ ...brush, contentCredentials: filesIn(folder) }, {}, (given) => {
    end = given;
  });
  return end;
});

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const brush = {
  pluginFolders: [fixture('mask-plugins')],
  catalogueFolders: [fixture('mask-catalogue')],
  currentModel: 'brush',
};

const filesIn = (path: string) => ({ certificate: join(path, 'chain.pem'), key: join(path, 'key.pem') });

const storeSchema = z.object({
  validation_state: z.string(),
  active_manifest: z.string(),
  manifests: z.record(
    z.string(),
    z.looseObject({ assertions: z.array(z.looseObject({ label: z.string(), data: z.unknown() })) }),
  ),
});

async function verify(bytes: Uint8Array, mediaType: string) {
  const settings = { trust: { trust_anchors: certificates.authority }, verify: { verify_trust: true } };
  const reader = await WasmReader.fromBytes(mediaType, bytes, JSON.stringify(settings));
  const store = storeSchema.parse(JSON.parse(reader.json()));
  reader.free();
  const { assertions = [] } = store.manifests[store.active_manifest] ?? {};
  return { state: store.validation_state, assertions };
}

const answerSchema = z.object({
  data: z.array(z.object({ b64_json: z.string() })),
  easel: z.object({ warnings: z.array(z.looseObject({ message: z.string() })) }),
});
async function make(body: object, path = '/v1/images/generations') {
  const response = await server.post(path, { prompt: 'a boat', ...body });
  const text = await response.text();
  expect([response.status, text.slice(0, 300)]).toEqual([200, expect.any(String)]);
  const { data, easel } = answerSchema.parse(JSON.parse(text));
  return {
    bytes: new Uint8Array(Buffer.from(data[0]?.b64_json ?? '', 'base64')),
    told: easel.warnings.map(({ message }) => message),
  };
}

it.each(['png', 'jpeg'])('another program verifies the manifest of a %s file', async (output_format) => {
  const { bytes, told } = await make({ output_format });
  expect(told).toEqual([]);
  const { state, assertions } = await verify(bytes, `image/${output_format}`);
  expect(state).toBe('Trusted');
  expect(JSON.stringify(assertions)).toMatch(/c2pa\.created.*digitalsourcetype\/trainedAlgorithmicMedia/);
  // The parameters are below the signature, and the image is whole.
  expect(Buffer.from(bytes).includes('Easel')).toBe(true);
  expect((await sharp(bytes).metadata()).format).toBe(output_format);
  await sharp(bytes).stats();
  const changed = bytes.slice();
  changed[changed.length - 20] = (changed[changed.length - 20] ?? 0) ^ 1;
  expect((await verify(changed, `image/${output_format}`)).state).toBe('Invalid');
});

it.each(['webp', 'avif'])('a %s file has none, which is told', async (output_format) => {
  const { told } = await make({ output_format });
  expect(told).toEqual([expect.stringMatching(new RegExp(`no C2PA manifest: image/${output_format}`))]);
});

it('signs the images of jobs', async () => {
  const begun = await server.post('/api/images/jobs', { prompt: 'a boat' });
  const at = begun.headers.get('location') ?? '';
  const schema = z.looseObject({
    state: z.string(),
    result: z.object({ images: z.array(z.object({ name: z.string() })) }).optional(),
  });
  const ask = async () => schema.parse(await (await server.get(at)).json());
  await expect.poll(async () => (await ask()).state).toBe('succeeded');
  const name = (await ask()).result?.images[0]?.name;
  const file = await server.get(`/api/images/results/${name}`);
  expect((await verify(new Uint8Array(await file.arrayBuffer()), 'image/png')).state).toBe('Trusted');
});

it.each<[string, (made: Certificates) => [string, string], RegExp]>([
  ['key of another certificate', ({ chain, otherKey }) => [chain, otherKey], /\.key is not the key/],
  ['file without a certificate', ({ key }) => [key, key], /\.certificate has no certificate/],
  [
    'certificate that has signed itself',
    ({ authority, authorityKey }) => [authority, authorityKey],
    /itself/,
  ],
])('takes no %s', async (_, choose, message) => {
  const path = await makeFolder();
  const [chain, key] = choose(certificates);
  await writeFile(join(path, 'chain.pem'), chain);
  await writeFile(join(path, 'key.pem'), key);
  await expect(openImageMarker(filesIn(path))).rejects.toMatchObject({
    code: 'ERR_CONFIG_INVALID',
    message: expect.stringMatching(message),
  });
});
