import { join } from 'node:path';
import type { Component } from '../checkpoint/component.js';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { withPackings } from '../checkpoint/packing/packed-tensors.js';
import { readText } from '../checkpoint/read-file.js';
import type { SafetensorsFile } from '../checkpoint/safetensors.js';
import type { Family } from '../families/family.js';
import { families as allFamilies, familyOfFile } from '../families/index.js';
import type { PredictionType } from '../families/prediction-type.js';
import type { FileVariant, Json } from '../families/single-file-layout.js';
import { readSchedulerConfig } from '../sampling/scheduler-config/scheduler-config.js';
import { withAutoencoder } from './autoencoder-option.js';
import type { Checkpoint, ReadOptions } from './checkpoint.js';
import { componentOfFolder, findCompanion, tokenizerOfCompanion } from './companions.js';
import { configFolderOf, existing, openPart, tokenizerFoldersOf } from './config-folder.js';
import { readCheckpointFile } from './file-tensors.js';
import { readOriginalConfig } from './original-config.js';

/** What a single file may be read with. */
export interface ReadSingleFileOptions extends ReadOptions {
  /**
   * A folder laid out like diffusers' whose config files take the place of those told from the tensors, each
   * if it is there: `unet/config.json`, `scheduler/scheduler_config.json`, `tokenizer/` and so on. Absent:
   * the folder beside the file that has its name without the extension, if there is one.
   */
  readonly configFolder?: string | undefined;
  /** What its denoising network predicts, whatever its files say. Absent: as they say. */
  readonly predictionType?: PredictionType | undefined;
  /** Absent: all that there are. */
  readonly families?: readonly Family[] | undefined;
}

/** A checkpoint in one file, with which of its family's models it is. */
export interface SingleFile extends Checkpoint {
  readonly variant: FileVariant;
}

/**
 * Reads a checkpoint in one file of tensors. Only headers are read; the weights stay where they are. Family
 * and configs are told from the tensors, unless a config folder says otherwise. Components that the file
 * lacks are absent.
 *
 * @throws ERR_MODEL_FILES_INVALID for a file that is damaged, of another kind (a pickle, another model), or
 * of no published size and without configs
 */
export async function readSingleFile(path: string, options: ReadSingleFileOptions = {}): Promise<SingleFile> {
  const stored = await readCheckpointFile(path);
  const file = { ...stored, tensors: await withPackings(path, stored) };
  const { family, variant } = familyOfFile(path, file.tensors, options.families ?? allFamilies);
  const folder = await configFolderOf(path, options.configFolder);
  const recognised = { family, variant, file };
  const own = await openParts(path, folder, recognised);
  const found = await findCompanions(path, folder, { ...recognised, own, vae: options.vae });
  const parts = { ...own, ...found.components };
  const tokenizers = await tokenizersOf(path, folder, { ...recognised, parts, found });
  const yaml = await readOriginalConfig(path);
  const told = options.predictionType ?? yaml?.predictionType;
  const scheduler = await schedulerOf(path, folder, { variant, file, told });
  return {
    origin: path,
    family,
    variant,
    index: variant.index,
    components: await withAutoencoder(parts, options.vae, family, variant.configs.vae),
    tokenizer(name) {
      const given = tokenizers.get(name);
      return given === undefined ? { builtIn: variant.tokenizers[name]! } : { folder: given };
    },
    schedulerConfig: scheduler.config,
    files: [path, ...(yaml ? [yaml.file] : [])],
    warnings: [...(scheduler.warning === undefined ? [] : [scheduler.warning]), ...found.warnings],
  };
}

/**
 * @throws ERR_MODEL_FILES_INVALID naming a component that its family cannot do without, and the file has not
 */
export function requireComponents({ origin, family, components }: Checkpoint): void {
  for (const [name, { title, isOptional }] of Object.entries(family.components)) {
    if (isOptional || components[name]) continue;
    throw invalidFiles(`${origin} has no ${title}.`, hintFor(name, family));
  }
}

function hintFor(name: string, { singleFile }: Family): string {
  const companion = singleFile?.companions?.find((each) => each.name === name);
  const apart =
    name === 'vae' && 'Give one apart: the path of a folder or a file, as the provider option "vae".';
  if (!companion) return apart || 'Use a checkpoint that has one.';
  const [folder] = companion.folders;
  return `Put one beside it, called for example ${companion.example}, or into a folder "${folder}" beside its own.`;
}

interface Recognised {
  readonly family: Family;
  readonly variant: FileVariant;
  readonly file: SafetensorsFile;
}

async function openParts(
  path: string,
  folder: string | undefined,
  { family, variant, file }: Recognised,
): Promise<Record<string, Component>> {
  const components: Record<string, Component> = {};
  const stated = (await variant.statedConfigs?.(file)) ?? {};
  for (const [name, tensors] of family.singleFile!.componentsOf(file.tensors)) {
    const derive = (what: string) => variant.configs[name]!(tensors, what);
    const part = await openPart(path, folder, { name, tensors, derive });
    components[name] = { ...part, config: withStated(part.config, stated[name]) };
  }
  return components;
}

interface Found {
  readonly components: Readonly<Record<string, Component>>;
  /** Of the companions, by component. */
  readonly paths: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** What the file lacks, from files beside it or from a whole checkpoint in the folder of configs. */
async function findCompanions(
  path: string,
  folder: string | undefined,
  { family, variant, own, vae }: Recognised & { own: Record<string, Component>; vae: string | undefined },
): Promise<Found> {
  const components: Record<string, Component> = {};
  const paths = new Map<string, string>();
  const warnings: string[] = [];
  for (const wanted of family.singleFile?.companions ?? []) {
    const { name } = wanted;
    if (own[name] || (name === 'vae' && vae !== undefined)) continue;
    const companion = await findCompanion(path, wanted, own[family.denoiser]?.tensors ?? new Map());
    const whole = companion ? undefined : await componentOfFolder(folder, name);
    if (whole) components[name] = whole;
    if (!companion) continue;
    const { tensors } = companion;
    const derive = () => variant.configs[name]!(tensors, companion.path);
    components[name] = await openPart(companion.path, folder, { name, tensors, derive });
    paths.set(name, companion.path);
    if (companion.warning !== undefined) warnings.push(companion.warning);
  }
  return { components, paths, warnings };
}

/** Folders of the tokenizers that do not come with the engine. */
async function tokenizersOf(
  path: string,
  folder: string | undefined,
  { family, variant, parts, found }: Recognised & { parts: Record<string, Component>; found: Found },
): Promise<ReadonlyMap<string, string>> {
  const companions = family.singleFile?.companions ?? [];
  const names = companions.flatMap(({ tokenizer }) => tokenizer ?? []);
  const folders = new Map(await tokenizerFoldersOf(folder, [...Object.keys(variant.tokenizers), ...names]));
  for (const { name, tokenizer } of companions) {
    if (tokenizer === undefined || !parts[name] || folders.has(tokenizer)) continue;
    folders.set(tokenizer, await tokenizerOfCompanion(path, found.paths.get(name)));
  }
  return folders;
}

async function schedulerOf(
  path: string,
  folder: string | undefined,
  { variant, file, told }: Omit<Recognised, 'family'> & { readonly told: PredictionType | undefined },
): Promise<{ readonly config: unknown; readonly warning?: string }> {
  const own = await existing(folder, join('scheduler', 'scheduler_config.json'));
  return own === undefined
    ? await variant.schedulerConfig(path, file, told)
    : { config: readSchedulerConfig(await readText(own), own) };
}

/** What a file states holds where its config, told or in a folder, says nothing. */
function withStated(config: unknown, stated: Json | undefined): unknown {
  if (!stated || typeof config !== 'object' || config === null) return config;
  const said = Object.entries(config).filter(([key, value]) => value !== null || !(key in stated));
  return { ...stated, ...Object.fromEntries(said) };
}
