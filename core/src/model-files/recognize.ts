import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError, type Manifest } from '@easel/plugin-sdk';
import { z } from 'zod';
import { ggufNames, ggufStart } from './gguf-names.js';
import { modelIndexName } from './model-index.js';

/** What a plugin's manifest says of models of one pipeline type. */
export interface Recognized {
  readonly pipelineType: string;
  readonly models: NonNullable<Manifest['handles'][number]['models']>;
}

/** The largest header of a .safetensors file. */
const maximumHeaderBytes = 100_000_000;

/** The first 8 bytes of what Git keeps in place of a large file. */
const lfsStart = 'version ';

/** What training programs put before all names of a checkpoint. */
const wrappers = /^(?:(?:state_dict|module)\.)+/;

const indexSchema = z.looseObject({ _class_name: z.string() });

/** What a file or folder is: a model, or what plugins call another kind of file. */
export type Described = { readonly model: Recognized } | { readonly other: Manifest['otherFiles'][number] };

/**
 * Finds the pipeline type of a model on disk by what the plugins' manifests say: the class in a folder's
 * `model_index.json`, or how names of tensors in a .safetensors or .gguf file begin. Weights are not read.
 *
 * @throws ERR_MODEL_FILES_INVALID for a file that is not there or cannot be read, and for a model that no
 * plugin knows
 */
export async function recognize(path: string, manifests: readonly Manifest[]): Promise<Recognized> {
  const described = await describeFile(path, manifests);
  if ('model' in described) return described.model;
  throw invalid(`${path} is ${described.other.is}, not a model.`, described.other.use);
}

/** Like {@link recognize}, also for files that are no models and that a plugin knows. */
export async function describeFile(path: string, manifests: readonly Manifest[]): Promise<Described> {
  const status = await stat(path).catch(() => undefined);
  if (!status) throw invalid(`${path} is not there.`, 'Check the path.');
  const kind = status.isDirectory() ? await pipelineClass(path) : await tensorNames(path);
  const isKnown = ({ models }: Manifest['handles'][number]) =>
    typeof kind === 'string'
      ? models?.pipelineClasses.includes(kind)
      : models?.tensors.some((prefix) => kind.some((name) => name.startsWith(prefix)));
  const found = manifests.flatMap(({ handles }) => handles).find(isKnown);
  if (found?.models) return { model: { pipelineType: found.type, models: found.models } };
  const other = typeof kind === 'string' ? undefined : otherFile(kind, manifests);
  if (other) return { other };
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

async function tensorNames(path: string): Promise<string[]> {
  const file = await open(path);
  const length = Buffer.alloc(8);
  try {
    await file.read(length, 0, 8, 0);
    if (length.toString('latin1').startsWith(ggufStart)) return unwrapped(await ggufNames(file));
    const bytes = Number(length.readBigUInt64LE());
    const { size } = await file.stat();
    if (bytes > Math.min(size - 8, maximumHeaderBytes)) throw new Error('its header is longer than the file');
    const header = Buffer.alloc(bytes);
    await file.read(header, 0, bytes, 8);
    const names = Object.keys(z.record(z.string(), z.unknown()).parse(JSON.parse(header.toString())));
    return unwrapped(names);
  } catch {
    if (length.toString('latin1') === lfsStart) {
      throw invalid(
        `${path} is a Git LFS pointer, not the file that it stands for.`,
        'Run `git lfs pull` in the folder of the model, or download the file itself.',
      );
    }
    throw invalid(
      `${path} is not a .safetensors or .gguf file, or is damaged.`,
      'Use a version of the model in one of these formats.',
    );
  } finally {
    await file.close();
  }
}

const unwrapped = (names: readonly string[]): string[] => names.map((name) => name.replace(wrappers, ''));

const invalid = (message: string, hint: string) =>
  new EaselError({ code: 'ERR_MODEL_FILES_INVALID', message, hint });
