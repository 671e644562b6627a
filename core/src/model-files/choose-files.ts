import { EaselError, type HubSource } from '@easel/plugin-sdk';
import type { HubFile, Listing } from './hub-client.js';
import { formatHubReference } from './hub-reference.js';
import { foldersOf, modelIndexName, partsOf } from './model-index.js';

/** Weights may be there several times: whole (absent), or in half precision. */
export type Variant = 'fp16' | 'bf16';

const weights =
  /^(?:model|diffusion_pytorch_model)(?:\.(fp16|bf16))?(?:-\d{5}-of-\d{5})?(?:\.(fp16|bf16))?\.safetensors$/;
/**
 * A graph that somebody has exported, with its weights in files beside it, which exporters name as they like.
 */
const graphName = 'model.onnx';
const noGraphData = /\.(json|txt|model|onnx|md|png|jpg|bin|ckpt|pt|pth)$/;
const texts = /\.(json|txt|model)$/;
const pickles = /\.(bin|ckpt|pt|pth)$/;

/**
 * The one file of a repository that is a model by itself. Throws ERR_MODEL_FILES_INVALID where it is not told
 * which.
 */
export function chooseSingleFile(source: HubSource, { files }: Listing): HubFile {
  const checkpoints = files.filter(({ path }) => path.endsWith('.safetensors'));
  const wanted = source.file;
  const found = wanted === undefined ? undefined : files.find(({ path }) => path === wanted);
  if (found && (checkpoints.includes(found) || found.path.endsWith('.gguf'))) return found;
  const [only] = checkpoints.filter(({ path }) => !path.includes('/'));
  const top = checkpoints.filter(({ path }) => !path.includes('/'));
  if (wanted === undefined && only && top.length === 1) return only;
  const { repository } = source;
  if (found) throw invalid(`${wanted} of ${repository} is not a .safetensors file.`, pickleHint);
  const names = (wanted === undefined && top.length > 0 ? top : checkpoints).map(({ path }) => path);
  if (names.length === 0) {
    const hasPickles = files.some(({ path }) => pickles.test(path));
    throw invalid(
      `${repository} has no .safetensors file and no ${modelIndexName}.`,
      hasPickles ? pickleHint : 'Use a repository of a model in diffusers’ layout, or with a checkpoint.',
    );
  }
  const list = names.slice(0, 20).join(', ');
  throw invalid(
    wanted === undefined
      ? `${repository} has several checkpoints: ${list}.`
      : `${repository} has no file "${wanted}"; it has ${list}.`,
    `Name one: easel models install ${formatHubReference({ ...source, file: names[0] })}`,
  );
}

/** A part of a model: a file of weights, or what belongs to a tokenizer. Throws as the former. */
export function choosePart({ repository, file }: HubSource, { files }: Listing): HubFile {
  const found = files.find(({ path }) => path === file);
  if (!found) {
    throw invalid(
      `${repository} has no file "${file}".`,
      'The entry of the model names it: correct it there.',
    );
  }
  if (/\.(safetensors|gguf|json|model|txt)$/.test(found.path)) return found;
  throw invalid(`${file} of ${repository} is no file that a model is made of.`, pickleHint);
}

const pickleHint =
  'Use a version in .safetensors: pickles (.bin, .ckpt, .pt) can run code when they are opened, and are refused.';

/**
 * The files of a model in diffusers' layout that are needed to run it: configs, vocabularies, and the weights
 * once; graphs with their data where it was exported and has no weights.
 *
 * @param index the parsed `model_index.json`
 * @param variant of the weights; absent means whole ones where there are any
 * @throws ERR_MODEL_FILES_INVALID for a part without weights that may be opened
 */
export function chooseFolderFiles(
  source: HubSource,
  { files }: Listing,
  index: Readonly<Record<string, unknown>>,
  variant: Variant | undefined,
): HubFile[] {
  const chosen = files.filter(({ path }) => path === modelIndexName);
  const filesOf = (part: string) =>
    files.filter(({ path }) => path.startsWith(`${part}/`) && !path.slice(part.length + 1).includes('/'));
  for (const part of new Set(partsOf(index).flatMap(foldersOf))) {
    const own = filesOf(part);
    chosen.push(...own.filter(({ path }) => texts.test(path)), ...weightsOf(source, part, own, variant));
  }
  return chosen;
}

function weightsOf(
  source: HubSource,
  part: string,
  files: readonly HubFile[],
  variant: Variant | undefined,
): HubFile[] {
  const nameOf = ({ path }: HubFile) => path.slice(part.length + 1);
  const variants = new Map<Variant | undefined, HubFile[]>();
  for (const file of files) {
    const match = weights.exec(nameOf(file));
    if (!match) continue;
    const own = (match[1] ?? match[2]) as Variant | undefined;
    variants.set(own, [...(variants.get(own) ?? []), file]);
  }
  const order = variant === undefined ? ([undefined, 'fp16', 'bf16'] as const) : [variant];
  const chosen = order.map((name) => variants.get(name)).find((found) => found !== undefined);
  if (chosen) return chosen;
  if (variants.size > 0) {
    const there = [...variants.keys()].map((name) => name ?? 'none').join(', ');
    throw invalid(`${source.repository} has no ${variant} of "${part}".`, `Its variants are: ${there}.`);
  }
  if (files.some((file) => nameOf(file) === graphName))
    return files.filter((file) => nameOf(file) === graphName || !noGraphData.test(file.path));
  if (files.some(({ path }) => pickles.test(path)))
    throw invalid(`${source.repository} has "${part}" only as a pickle.`, pickleHint);
  return [];
}

const invalid = (message: string, hint: string) =>
  new EaselError({ code: 'ERR_MODEL_FILES_INVALID', message, hint });
