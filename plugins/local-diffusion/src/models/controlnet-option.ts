import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Component, openComponent } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { withPackings } from '../checkpoint/packing/packed-tensors.js';
import { readTensorFile } from '../checkpoint/tensor-file.js';
import type { Components, Family } from '../families/family.js';
import { configFolderOf, openPart } from './config-folder.js';

/** The component that is a model's own ControlNet in diffusers; further ones have a number behind. */
const name = 'controlnet';

/** The components of a model that are ControlNets: its own first, then those of the files in their order. */
export const controlNetNames = (components: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(components).filter((each) => each === name || each.startsWith(`${name}.`));

/**
 * Gives a model the ControlNets of some files, or of folders with a config and weights.
 *
 * @throws ERR_MODEL_FILES_INVALID for what cannot be read, or is no ControlNet of the family
 */
export async function withControlNets(
  components: Components,
  paths: readonly string[],
  family: Family,
): Promise<Components> {
  const [path] = paths;
  if (path === undefined) return components;
  if (!family.controlNets) throw invalidFiles(`${path}: ${family.title} takes no ControlNets.`);
  const opened = await Promise.all(paths.map((each) => openControlNet(each, family)));
  return {
    ...components,
    ...Object.fromEntries(opened.map((component, index) => [`${name}.${index}`, component])),
  };
}

async function openControlNet(path: string, family: Family): Promise<Component> {
  const status = await stat(path).catch(() => undefined);
  const whole = status?.isDirectory() ? await openComponent(path) : undefined;
  const tensors = whole?.tensors ?? (await withPackings(path, await readTensorFile(path)));
  const found = family.controlNets!.fileOf(tensors);
  if (typeof found !== 'object')
    throw invalidFiles(
      `${path} is ${found ?? 'no ControlNet'}: ${family.title} takes ControlNets in diffusers' and their original names.`,
      'Use another version of it.',
    );
  if (whole) return { ...whole, name: basename(path) };
  const folder = await configFolderOf(path, undefined);
  const part = { name, tensors: found.tensors, derive: found.configOf };
  return { ...(await openPart(path, folder, part)), name: basename(path) };
}
