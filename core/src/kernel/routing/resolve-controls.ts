import { isAbsolute } from 'node:path';
import { EaselError, type GenerationRequest } from '@easel/plugin-sdk';
import { findByName } from '../../model-files/find-by-name.js';
import type { ModelFiles } from '../../model-files/requested-file.js';

/**
 * Images to follow with the absolute paths of their ControlNets in place of the names: the id of a model, a
 * path below one of the model folders, or the name of a file in one of them.
 *
 * @param isFromOutside whether absolute paths are refused
 * @throws ERR_REQUEST_INVALID for a name that nothing has, in the same words whether there is such a file
 * elsewhere or not
 */
export async function resolveControls(
  controls: GenerationRequest['control'],
  files: ModelFiles,
  isFromOutside: boolean,
): Promise<GenerationRequest['control']> {
  const find = findByName(files);
  const resolve = async (name: string, index: number): Promise<string> => {
    if (isAbsolute(name) && !isFromOutside) return name;
    const [path] = await find(name);
    if (path !== undefined) return path;
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field: `control.${index}.model`,
      message: `control.${index}.model: "${name.slice(0, 200)}" is not a file that a request may name here.`,
      hint: 'Name a file or folder below a folder that the operator lists under server.modelFolders in easel.config.json.',
    });
  };
  return await (controls &&
    Promise.all(
      controls.map(async ({ model, ...control }, index) =>
        model === undefined ? control : { ...control, model: await resolve(model, index) },
      ),
    ));
}
