import { isAbsolute, relative, sep } from 'node:path';
import { EaselError, type GenerationRequest, type Manifest } from '@easel/plugin-sdk';
import { type ModelFiles, requestedFile } from '../../model-files/requested-file.js';

type Options = GenerationRequest['options'];

/**
 * Options of a request from outside, with absolute paths in place of the names of files: those that the
 * manifest lists under `fileOptions`. Throws ERR_REQUEST_INVALID for any other file, in the same words
 * whether there is one or not.
 */
export async function resolveFileOptions(
  { id, fileOptions }: Pick<Manifest, 'id' | 'fileOptions'>,
  options: Options,
  files: ModelFiles,
): Promise<Options> {
  let resolved: unknown = options;
  for (const place of fileOptions)
    resolved = await replaceAt(resolved, stepsOf(place), `providerOptions.${id}`, async (name, where) => {
      const path = await requestedFile(name, files);
      if (path !== undefined) return path;
      throw new EaselError({
        code: 'ERR_REQUEST_INVALID',
        message: `${where}: "${name.slice(0, 200)}" is not a file that a request may name here.`,
        hint: 'Name a model by its id, or a file below a folder that the operator lists under server.modelFolders in easel.config.json.',
      });
    });
  return resolved as Options;
}

/**
 * A model's own options as a caller from outside may read them: files below the model folders by their names
 * there, and nothing of those that lie elsewhere.
 */
export async function nameFileOptions(
  { fileOptions }: Pick<Manifest, 'fileOptions'>,
  options: Options,
  { folders }: Pick<ModelFiles, 'folders'>,
): Promise<Options> {
  let named: unknown = options;
  for (const place of fileOptions)
    named = await replaceAt(named, stepsOf(place), '', async (path) => nameBelow(folders, path));
  return named as Options;
}

/** The paths that options name, in the places that the manifest lists under `fileOptions`. */
export async function pathsIn(
  { fileOptions }: Pick<Manifest, 'fileOptions'>,
  options: Options,
): Promise<string[]> {
  const paths: string[] = [];
  for (const place of fileOptions)
    await replaceAt(options, stepsOf(place), '', async (path) => {
      paths.push(path);
      return path;
    });
  return paths;
}

/** Undefined for an absolute path that lies below none of the folders. */
function nameBelow(folders: readonly string[], path: string): string | undefined {
  if (!isAbsolute(path)) return path;
  const names = folders.map((folder) => relative(folder, path));
  return names.find(
    (name) => name !== '' && name !== '..' && !name.startsWith(`..${sep}`) && !isAbsolute(name),
  );
}

/** `loras[].path` as `loras`, `[]` and `path`. */
const stepsOf = (place: string): string[] => place.replaceAll('[]', '.[]').split('.');

/**
 * A copy with something else, or nothing, in place of each text there. What is of another shape is left for
 * the plugin to refuse.
 */
async function replaceAt(
  value: unknown,
  [step, ...others]: readonly string[],
  where: string,
  replace: (text: string, where: string) => Promise<string | undefined>,
): Promise<unknown> {
  if (step === undefined) return typeof value === 'string' ? await replace(value, where) : value;
  if (step === '[]') {
    if (!Array.isArray(value)) return value;
    const parts: unknown[] = [];
    for (const [index, part] of value.entries())
      parts.push(await replaceAt(part, others, `${where}.${index}`, replace));
    return parts.filter((part) => part !== undefined);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step))
    return value;
  const { [step]: part, ...rest } = value as Options;
  const replaced = await replaceAt(part, others, `${where}.${step}`, replace);
  return replaced === undefined ? rest : { ...rest, [step]: replaced };
}
