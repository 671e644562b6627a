import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Component, openComponent } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { Components, Family } from '../families/family.js';
import type { Json, Tensors } from '../families/single-file-layout.js';

/** The component that the provider option of the same name gives another of, as diffusers calls it. */
const name = 'vae';

/**
 * Gives a checkpoint the autoencoder that the provider option `vae` names: a diffusers component folder, or a
 * .safetensors file. A file has no config, and takes over that of the checkpoint's own.
 *
 * @param path absent: the checkpoint keeps its own, if it has one
 * @param config tells a file's config where the checkpoint has no autoencoder of its own; absent where it
 * always has
 * @throws ERR_MODEL_FILES_INVALID when it cannot be read or is not an autoencoder
 */
export async function withAutoencoder(
  components: Components,
  path: string | undefined,
  family: Family,
  config?: (tensors: Tensors, what: string) => Json,
): Promise<Components> {
  if (path === undefined) return components;
  if (await isFolder(path)) return { ...components, [name]: await openComponent(path) };
  const tensors = await readFile(path, family);
  const own = components[name] ?? {
    configFile: `the config told from ${path}`,
    config: config?.(tensors, `the autoencoder ${path}`),
  };
  const { configFile, config: ownConfig } = own;
  const given: Component = { name: basename(path), configFile, config: ownConfig, tensors };
  return { ...components, [name]: given };
}

async function readFile(path: string, { title, components }: Family): Promise<Tensors> {
  const tensors = await components[name]?.kind.readFile?.(path);
  if (tensors) return tensors;
  throw invalidFiles(
    `${path}: ${title} takes no autoencoder from a file of its own.`,
    'Use a diffusers folder.',
  );
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
