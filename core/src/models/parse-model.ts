import { resolve } from 'node:path';
import { EaselError, type Model, modelSchema } from '@easel/plugin-sdk';
import { firstProblem } from '../config/first-problem.js';

/**
 * A catalogue entry as its schema makes it; the path of its source comes out absolute.
 *
 * @param where what it is, for the message
 * @param folder absolute path of the folder that its path starts from
 * @throws ERR_CATALOGUE_INVALID
 */
export function parseModel(json: unknown, where: string, folder: string): Model {
  const parsed = modelSchema.safeParse(json);
  if (!parsed.success)
    throw new EaselError({
      code: 'ERR_CATALOGUE_INVALID',
      message: `${where}: ${firstProblem(parsed.error)}.`,
    });
  const { source } = parsed.data;
  return 'path' in source
    ? { ...parsed.data, source: { ...source, path: resolve(folder, source.path) } }
    : parsed.data;
}
