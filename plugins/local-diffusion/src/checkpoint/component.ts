import { access, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { readGguf } from './gguf/gguf.js';
import { invalidFiles } from './invalid-files.js';
import type { ComponentLora } from './lora-layer.js';
import { withPackings } from './packing/packed-tensors.js';
import { readJson } from './read-file.js';
import { readSafetensors, type TensorLocation } from './safetensors.js';

/** One network of a checkpoint: what its config says, and where its tensors lie. */
export interface Component {
  /** For messages: the name of its folder, e.g. `unet`. */
  readonly name: string;
  /** For messages: where `config` was read from. */
  readonly configFile: string;
  /** As parsed from JSON; each network checks it. */
  readonly config: unknown;
  readonly tensors: ReadonlyMap<string, TensorLocation>;
  /** What `applyLoras` adds to its layers, one entry a LoRA; absent means nothing. */
  readonly loras?: readonly ComponentLora[];
  /**
   * Weights that end with so many columns of zeros more than lie in the files: those of inputs that LoRAs
   * alone read. Absent: there are none.
   */
  readonly zeroColumns?: ReadonlyMap<string, number>;
}

export interface OpenComponentOptions {
  /**
   * Opens `<stem>.<variant>.safetensors`; absent means the plain file, or else the first variant there is.
   */
  readonly variant?: 'fp16' | 'bf16';
}

/**
 * transformers' and diffusers' names of the weights file (`SAFE_WEIGHTS_NAME`, `SAFETENSORS_WEIGHTS_NAME`).
 */
const stems = ['model', 'diffusion_pytorch_model'];
const variants = [undefined, 'fp16', 'bf16'] as const;

const indexSchema = z.object({
  weight_map: z.record(z.string(), z.string().regex(/^[^/\\]+\.safetensors$/, 'is not a plain file name')),
});

/**
 * Opens one component folder of a diffusers checkpoint (`unet/`, `vae/`, `text_encoder/`, ...): `config.json`
 * and the headers of its weights, in one .safetensors file, in shards with an index, or in one .gguf file as
 * `easel models quantize` writes it.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the file that is missing or damaged
 */
export async function openComponent(folder: string, options: OpenComponentOptions = {}): Promise<Component> {
  const configFile = join(folder, 'config.json');
  const [config, stored] = await Promise.all([readJson(configFile), openWeights(folder, options)]);
  const tensors = await withPackings(folder, { tensors: stored, metadata: new Map() });
  return { name: basename(resolve(folder)), configFile, config, tensors };
}

async function openWeights(
  folder: string,
  { variant }: OpenComponentOptions,
): Promise<ReadonlyMap<string, TensorLocation>> {
  const wanted = variant === undefined ? variants : [variant];
  for (const name of wanted) {
    const infix = name === undefined ? '' : `.${name}`;
    for (const stem of stems) {
      const single = join(folder, `${stem}${infix}.safetensors`);
      if (await exists(single)) return readSafetensors(single);
      const index = join(folder, `${stem}.safetensors.index${infix}.json`);
      if (await exists(index)) return readShards(folder, index);
    }
  }
  for (const stem of variant === undefined ? stems : []) {
    const blocks = join(folder, `${stem}.gguf`);
    if (await exists(blocks)) return (await readGguf(blocks)).tensors;
  }
  throw await noWeights(folder, variant);
}

async function readShards(folder: string, indexFile: string): Promise<ReadonlyMap<string, TensorLocation>> {
  const parsed = indexSchema.safeParse(await readJson(indexFile));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalidFiles(`${indexFile}: ${issue?.path.join('.')} ${issue?.message}`);
  }
  const weightMap = Object.entries(parsed.data.weight_map);
  const names = [...new Set(weightMap.map(([, shard]) => shard))];
  const shards = new Map(
    await Promise.all(names.map(async (name) => [name, await readSafetensors(join(folder, name))] as const)),
  );
  return new Map(
    weightMap.map(([tensor, shard]) => {
      const location = shards.get(shard)?.get(tensor);
      if (!location) throw invalidFiles(`${indexFile} says that "${tensor}" is in ${shard}, and it is not.`);
      return [tensor, location];
    }),
  );
}

async function noWeights(folder: string, variant: string | undefined): Promise<Error> {
  const names = await readdir(folder).catch((cause: Error) => {
    throw invalidFiles(`${folder} cannot be read: ${cause.message}`, undefined, cause);
  });
  const pickle = names.find((name) => /\.(bin|ckpt|pt|pth)$/.test(name));
  const kind = variant === undefined ? '' : ` of the variant "${variant}"`;
  if (pickle) {
    return invalidFiles(
      `${folder} has no .safetensors weights${kind}, only ${pickle}, which can run code when it is opened.`,
      'Fetch the .safetensors version of the model, or convert it with a tool that you trust.',
    );
  }
  return invalidFiles(
    `${folder} has no weights${kind}: expected model.safetensors or diffusion_pytorch_model.safetensors.`,
  );
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
