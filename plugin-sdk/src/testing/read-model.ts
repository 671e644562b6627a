import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Model, modelSchema } from '../model.js';

/**
 * Reads a file of the model catalogue as the kernel does: validated, its path made absolute. Throws a
 * ZodError.
 */
export function readModel(file: string | URL): Model {
  const path = file instanceof URL ? fileURLToPath(file) : resolve(file);
  const model = modelSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const { source } = model;
  if (source.type !== 'folder') return model;
  return { ...model, source: { ...source, path: resolve(dirname(path), source.path) } };
}
