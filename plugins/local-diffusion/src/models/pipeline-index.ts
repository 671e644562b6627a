import { join } from 'node:path';
import { z } from 'zod';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readJson } from '../checkpoint/read-file.js';
import type { Family } from '../families/family.js';
import { familyOfClass } from '../families/index.js';

/** What `model_index.json` says of a model. */
export interface PipelineIndex {
  readonly family: Family;
  readonly keys: Readonly<Record<string, unknown>>;
}

const schema = z.looseObject({ _class_name: z.string() });

/** Library and class of a component; nulls where the pipeline goes without it. */
const componentSchema = z.array(z.string().nullable()).default([]);

/**
 * Reads the `model_index.json` of a diffusers folder.
 *
 * @throws ERR_MODEL_FILES_INVALID naming the file, where it is of none of the families
 */
export async function readPipelineIndex(folder: string, families: readonly Family[]): Promise<PipelineIndex> {
  const file = join(folder, 'model_index.json');
  const parsed = schema.safeParse(await readJson(file));
  if (!parsed.success) {
    throw invalidFiles(`${file} has no valid "_class_name", so it is not of a diffusers pipeline.`);
  }
  const { _class_name: className } = parsed.data;
  const family = familyOfClass(className, families);
  if (!family) {
    const known = families.flatMap(({ models }) => models.pipelineClasses).join(', ');
    throw invalidFiles(`${file} is of a ${className}, which this engine cannot run.`, `It runs ${known}.`);
  }
  return { family, keys: parsed.data };
}

/**
 * The names of the components that a model has: those of its family, without the optional ones that its index
 * has nulls for.
 *
 * @throws ERR_MODEL_FILES_INVALID for an entry that is not one of a component
 */
export function componentNamesOf(folder: string, { family, keys }: PipelineIndex): string[] {
  return Object.entries(family.components)
    .filter(([name, { isOptional }]) => {
      if (!isOptional) return true;
      if (keys[name] === undefined) return false;
      const parsed = componentSchema.safeParse(keys[name]);
      if (parsed.success) return typeof parsed.data[0] === 'string';
      throw invalidFiles(`${join(folder, 'model_index.json')} has no valid "${name}".`);
    })
    .map(([name]) => name);
}
