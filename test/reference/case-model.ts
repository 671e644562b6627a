import { access, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';

/**
 * Which parts of a case's model lie elsewhere than in the folder of its pipeline, by paths below
 * `d_pipelines`; null: it goes without.
 */
export const partsSchema = z.looseObject({
  others: z.string().optional(),
  lora: z.string().optional(),
  lora_scale: z.number().optional(),
  is_distilled: z.boolean().optional(),
});
export type Parts = z.output<typeof partsSchema>;

/** A model folder as a case wants it. */
export interface CaseModel {
  readonly path: string;
  /** LoRA files, and the weights that they have. */
  readonly loras: readonly string[];
  readonly loraWeights: readonly number[];
  /** Removes what was made for the case; the reference set stays as it is. */
  dispose(): Promise<void>;
}

const componentName = /^(unet|transformer|controlnet|vae|text_encoder(_\d)?|tokenizer(_\d)?|processor)$/;

/** The parts of a case that no component of ours takes the place of, e.g. a ControlNet. */
export function unreadParts(given: Parts): string[] {
  const { others: _, lora: __, lora_scale: ___, is_distilled: ____, ...parts } = given;
  return Object.keys(parts).filter((name) => !componentName.test(name) && name !== 'base_case');
}

/**
 * Puts a case's model together out of links, or gives the folder of its pipeline where that has all of it.
 *
 * @param folder `d_pipelines/<name>`: what parts are not named is taken from there, unless `others` says
 * otherwise
 * @param setFolder the whole set, which LoRA files are told relative to
 * @param index keys of `model_index.json` that are others than those of the folder
 */
export async function openCaseModel(
  folder: string,
  setFolder: string,
  parts: Parts,
  index: Readonly<Record<string, unknown>> = {},
): Promise<CaseModel> {
  const { others, lora, lora_scale: weight = 1, is_distilled: _, ...own } = parts;
  const pipelines = dirname(folder);
  const base = others === undefined ? folder : join(pipelines, others);
  const loras = lora === undefined ? {} : { loras: [join(setFolder, lora)], loraWeights: [weight] };
  const shared = await sharedParts(base);
  const moved = {
    ...Object.fromEntries(Object.entries(shared).map(([name, path]) => [name, join(base, path)])),
    ...Object.fromEntries(
      Object.entries(own)
        .filter(([name]) => componentName.test(name))
        .map(([name, path]) => [name, typeof path === 'string' ? placeOf(base, path) : null]),
    ),
  };
  const plain = { loras: [], loraWeights: [], ...loras };
  if (Object.keys(moved).length === 0 && Object.keys(index).length === 0)
    return { path: base, ...plain, dispose: async () => {} };
  const path = await compose(base, moved, index);
  return { path, ...plain, dispose: () => rm(path, { recursive: true, maxRetries: 10 }) };
}

/** Paths are told from the folder of all pipelines, or from that of the own one. */
const placeOf = (base: string, path: string): string =>
  path.includes('/') ? join(dirname(base), path) : join(base, path);

/** Some folders share components with others, and say so in a file. */
async function sharedParts(base: string): Promise<Record<string, string>> {
  const file = join(base, 'shared_components.json');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (!isThere) return {};
  const { note: _, ...shared } = z
    .record(z.string(), z.string())
    .parse(JSON.parse(await readFile(file, 'utf8')));
  return shared;
}

async function compose(
  base: string,
  moved: Readonly<Record<string, string | null>>,
  named: object,
): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'reference-model-'));
  const index = z.looseObject({}).parse(JSON.parse(await readFile(join(base, 'model_index.json'), 'utf8')));
  const missing = Object.keys(moved).filter((name) => moved[name] === null);
  // A model of SDXL's without the first text encoder is a refiner.
  const isRefiner = missing.includes('text_encoder') && { requires_aesthetics_score: true };
  const without = Object.fromEntries(missing.map((name) => [name, [null, null]]));
  const added = Object.fromEntries(
    Object.keys(moved)
      .filter((name) => moved[name] !== null && !(name in index))
      .map((name) => [name, ['diffusers', 'of the case']]),
  );
  await writeFile(
    join(path, 'model_index.json'),
    JSON.stringify({ ...index, ...added, ...without, ...isRefiner, ...named }),
  );
  const names = new Set([...(await readdir(base)), ...Object.keys(moved)]);
  names.delete('model_index.json');
  for (const name of names) {
    const from = name in moved ? moved[name] : join(base, name);
    if (from) await symlink(resolve(from), join(path, name));
  }
  return path;
}
