import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError, type Manifest } from '@easel/plugin-sdk';
import { z } from 'zod';
import { modelIndexName } from './model-index.js';
import { readTensorHeader } from './tensor-header.js';
import { weightTypesBelow, weightTypesOf } from './weight-types.js';

/** What a plugin's manifest says of models of one pipeline type. */
export interface Recognized {
  readonly pipelineType: string;
  readonly models: NonNullable<Manifest['handles'][number]['models']>;
}

/** What training programs put before all names of a checkpoint. */
const wrappers = /^(?:(?:state_dict|module)\.)+/;

const indexSchema = z.looseObject({ _class_name: z.string() });

/**
 * What a file or folder is: a model, or what plugins call another kind of file; and what most of its weights
 * are stored in.
 */
export type Described = DescribedModel | (Weights & { readonly other: Manifest['otherFiles'][number] });
export type DescribedModel = Weights & { readonly model: Recognized };
interface Weights {
  readonly weights: readonly string[];
}

/**
 * Finds the pipeline type of a model on disk by what the plugins' manifests say: the class in a folder's
 * `model_index.json`, or how names of tensors in a .safetensors or .gguf file begin. Weights are not read.
 *
 * @throws ERR_MODEL_FILES_INVALID for a file that is not there or cannot be read, and for a model that no
 * plugin knows
 */
export async function recognize(path: string, manifests: readonly Manifest[]): Promise<DescribedModel> {
  const described = await describeFile(path, manifests);
  if ('model' in described) return described;
  throw invalid(`${path} is ${described.other.is}, not a model.`, described.other.use);
}

/** Like {@link recognize}, also for files that are no models and that a plugin knows. */
export async function describeFile(path: string, manifests: readonly Manifest[]): Promise<Described> {
  const status = await stat(path).catch(() => undefined);
  if (!status) throw invalid(`${path} is not there.`, 'Check the path.');
  const tensors = status.isDirectory() ? undefined : await readTensorHeader(path);
  const kind = tensors ? unwrapped(tensors.map(({ name }) => name)) : await pipelineClass(path);
  const weights = tensors ? weightTypesOf(tensors) : await weightTypesBelow(path);
  const isKnown = ({ models }: Manifest['handles'][number]) =>
    typeof kind === 'string'
      ? models?.pipelineClasses.includes(kind)
      : models?.tensors.some((prefix) => kind.some((name) => name.startsWith(prefix)));
  const found = manifests.flatMap(({ handles }) => handles).find(isKnown);
  if (found?.models) return { weights, model: { pipelineType: found.type, models: found.models } };
  const other = typeof kind === 'string' ? undefined : otherFile(kind, manifests);
  if (other) return { weights, other };
  throw invalid(
    typeof kind === 'string'
      ? `No plugin knows models of the class ${kind}: ${path}.`
      : `No plugin knows the model ${path}.`,
    'Write a catalogue entry for it by hand, if a plugin can run it.',
  );
}

/** What plugins say of a file of tensors that is no model. */
const otherFile = (tensors: readonly string[], manifests: readonly Manifest[]) =>
  manifests
    .flatMap(({ otherFiles }) => otherFiles)
    .find(({ names }) => names.some((name) => tensors.some((each) => each.includes(name))));

async function pipelineClass(folder: string): Promise<string> {
  const file = join(folder, modelIndexName);
  try {
    return indexSchema.parse(JSON.parse(await readFile(file, 'utf8')))._class_name;
  } catch {
    throw invalid(
      `${folder} has no ${modelIndexName} that can be read.`,
      "Name a folder in diffusers' layout, or one .safetensors file.",
    );
  }
}

const unwrapped = (names: readonly string[]): string[] => names.map((name) => name.replace(wrappers, ''));

const invalid = (message: string, hint: string) =>
  new EaselError({ code: 'ERR_MODEL_FILES_INVALID', message, hint });
