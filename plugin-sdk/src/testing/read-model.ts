import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { EaselError } from '../errors.js';
import { type Model, modelSchema } from '../model.js';

/**
 * Reads a file of the model catalogue as the kernel does: validated, its path made absolute.
 *
 * @throws EaselError ERR_CATALOGUE_INVALID with the fields that are wrong; what the file cannot be read with
 */
export function readModel(file: string | URL): Model {
  const path = file instanceof URL ? fileURLToPath(file) : resolve(file);
  const { data: model, error } = modelSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (error)
    throw new EaselError({ code: 'ERR_CATALOGUE_INVALID', message: `${path}: ${z.prettifyError(error)}` });
  const { source } = model;
  if (source.type !== 'folder') return model;
  return { ...model, source: { ...source, path: resolve(dirname(path), source.path) } };
}
