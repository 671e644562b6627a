import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import { type GgufFile, readGguf } from '../../../../plugins/local-diffusion/src/checkpoint/gguf/gguf.js';
import type { GgufValue } from '../../../../plugins/local-diffusion/src/checkpoint/gguf/metadata.js';
import type { CaseOutcome, ReferenceCase } from '../../case.js';
import { decodeStored } from './decode-stored.js';

const valueSchema = z.object({ type: z.string(), value: z.unknown() });
const tensorSchema = z.looseObject({
  name: z.string(),
  shape: z.array(z.number()),
  bytes: z.number(),
  values: z.object({ b64: z.string() }).nullish(),
});
const casesSchema = z.object({
  good: z.array(
    z.looseObject({
      file: z.string(),
      version: z.number(),
      kv: z.record(z.string(), valueSchema),
      tensors: z.array(tensorSchema),
    }),
  ),
  bad: z.array(z.looseObject({ file: z.string(), code: z.string(), say: z.string() })),
});
type Good = z.output<typeof casesSchema>['good'][number];

/** Files of GGUF that are whole, and damaged ones. */
export async function ggufContainerCases(folder: string): Promise<ReferenceCase[]> {
  const { good, bad } = casesSchema.parse(JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')));
  return [
    ...good.map((each) => ({
      id: `gguf_container/${each.file}`,
      run: async () => await compare(await readGguf(join(folder, each.file)), each),
    })),
    ...bad.map(({ file, say }) => ({
      id: `gguf_container/${file}`,
      run: () => requireRefusal(join(folder, file), say),
    })),
  ];
}

async function requireRefusal(path: string, say: string): Promise<CaseOutcome> {
  try {
    await readGguf(path);
  } catch (error) {
    if (EaselError.isInstance(error) && error.code === 'ERR_MODEL_FILES_INVALID')
      return { status: 'passed', detail: error.message };
    throw error;
  }
  return { status: 'failed', detail: `is read, and should not be: ${say}` };
}

async function compare(read: GgufFile, { version, kv, tensors }: Good): Promise<CaseOutcome> {
  const failed = (detail: string): CaseOutcome => ({ status: 'failed', detail });
  if (read.version !== version) return failed(`version ${read.version}`);
  const missing = Object.entries(kv).find(
    ([key, { type, value }]) => !isDeepStrictEqual(plain(read.metadata.get(key), type), value),
  );
  if (missing) return failed(`"${missing[0]}" is ${String(read.metadata.get(missing[0]))}`);
  if (read.tensors.size !== tensors.length) return failed(`${read.tensors.size} tensors`);
  for (const { name, shape, bytes, values } of tensors) {
    const original = kv[`comfy.gguf.orig_shape.${name}`]?.value;
    const location = read.tensors.get(name);
    if (location?.length !== bytes || !isDeepStrictEqual(location.shape, original ?? shape))
      return failed(`tensor "${name}" is [${location?.shape}] of ${location?.length} bytes`);
    if (values && !isDeepStrictEqual(await decodeStored(location), floatsOf(values.b64)))
      return failed(`the numbers of "${name}" are others`);
  }
  return { status: 'passed', detail: `${Object.keys(kv).length} values, ${tensors.length} tensors` };
}

const floatsOf = (base64: string): Float32Array =>
  new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer);

/** As the reference writes it: whole numbers of 64 bits as texts, float32 rounded to 9 digits. */
function plain(value: GgufValue | undefined, type: string): unknown {
  if (Array.isArray(value)) return value.map((each) => plain(each, type));
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && /f\d/.test(type)) return Number(value.toPrecision(9));
  return value;
}
