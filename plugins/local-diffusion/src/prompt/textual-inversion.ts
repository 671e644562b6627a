import { basename, extname } from 'node:path';
import { readFloats } from '../checkpoint/float-values.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readSafetensors, type TensorLocation } from '../checkpoint/safetensors.js';

/** The vectors of a textual inversion for one text encoder: rows to take in place of a token's own. */
export interface EmbeddingMatrix {
  readonly vectors: number;
  readonly width: number;
  /** [vectors, width] */
  readonly values: Float32Array;
}

/** A word learned as vectors (Gal et al. 2022, "An Image is Worth One Word"). */
export interface TextualInversion {
  /** What stands for it in a prompt. */
  readonly word: string;
  /** For messages: where it was read from. */
  readonly file: string;
  /** One a text encoder of the model, in the model's order, all with the same number of vectors. */
  readonly matrices: readonly EmbeddingMatrix[];
  /** It came with a LoRA: nobody asked for it by name. Absent: somebody did. */
  readonly isBundled?: true;
}

/**
 * A model's two text encoders, CLIP-L and OpenCLIP bigG, by the names that training programs give them, in
 * the model's order.
 */
const pairs = [
  ['clip_l', 'clip_g'],
  // diffusers' pivotal tuning of before 2024.
  ['text_encoders_0', 'text_encoders_1'],
];

/** Keys that are the same in every file, so that the file's own name is the word. */
const genericNames: readonly string[] = ['emb_params', '*', ...pairs.flat()];

/**
 * Reads a textual inversion from a .safetensors file: webui's `emb_params`, diffusers' one tensor named like
 * its token, or the pair `clip_l` and `clip_g` for models with two text encoders
 * (`create_embedding_from_data` in stable-diffusion-webui's `modules/textual_inversion/textual_inversion.py`,
 * and diffusers' `loaders/textual_inversion.py`).
 *
 * @param word what stands for it; absent means diffusers' token, or else the file's name without its
 * extension
 * @throws ERR_MODEL_FILES_INVALID naming the file and what is wrong with it
 */
export async function readTextualInversion(file: string, word?: string): Promise<TextualInversion> {
  return await textualInversionOf(file, await readSafetensors(file), word);
}

/** The same of tensors that lie in a file among others, by the names that they would have alone. */
export async function textualInversionOf(
  file: string,
  tensors: ReadonlyMap<string, TensorLocation>,
  word?: string,
): Promise<TextualInversion> {
  const matrices = await Promise.all(
    choose(file, tensors).map(([name, location]) => readMatrix(file, name, location)),
  );
  const counts = new Set(matrices.map(({ vectors }) => vectors));
  if (counts.size > 1) {
    throw invalidFiles(
      `${file}: its tensors have different numbers of vectors (${[...counts].join(' and ')}).`,
    );
  }
  return { word: word ?? ownWord(file, tensors), file, matrices };
}

function choose(
  file: string,
  tensors: ReadonlyMap<string, TensorLocation>,
): (readonly [string, TensorLocation])[] {
  const names = [...tensors.keys()];
  if (names.length === 1) return [...tensors];
  const pair = pairs.find((each) => names.length === 2 && each.every((name) => tensors.has(name)));
  if (pair) return pair.map((name) => [name, tensors.get(name)!] as const);
  const list = names.slice(0, 4).map((name) => `"${name}"`);
  const rest = names.length > 4 ? ` and ${names.length - 4} more` : '';
  throw invalidFiles(
    `${file} is not a textual inversion: it has ${names.length === 0 ? 'no tensors' : list.join(', ')}${rest}.`,
    'A textual inversion has one tensor, or the two "clip_l" and "clip_g".',
  );
}

async function readMatrix(file: string, name: string, location: TensorLocation): Promise<EmbeddingMatrix> {
  const { shape } = location;
  // diffusers saves a single vector without its leading dimension.
  const [vectors, width] = shape.length === 1 ? [1, shape[0]!] : shape;
  if (shape.length > 2 || !vectors || !width) {
    throw invalidFiles(
      `${file} is not a textual inversion: tensor "${name}" has the shape [${shape}], not [vectors, width].`,
    );
  }
  return { vectors, width, values: await readFloats(location) };
}

function ownWord(file: string, tensors: ReadonlyMap<string, TensorLocation>): string {
  const [name] = tensors.keys();
  const isToken =
    tensors.size === 1 && name !== undefined && name.trim() !== '' && !genericNames.includes(name);
  return isToken ? name : basename(file, extname(file));
}
