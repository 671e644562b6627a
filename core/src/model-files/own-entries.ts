import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EaselError, type Model, type ModelInput, type ModelSource, modelSchema } from '@easel/plugin-sdk';
import { z } from 'zod';
import { parseJson } from '../parse-json.js';
import { writeWholeFile } from '../results/write-whole-file.js';
import type { Recognized } from './recognize.js';

/** The catalogue folder of models that were installed or imported on this machine. */
export const ownCatalogueFolder = (storageFolder: string): string => join(storageFolder, 'catalogue');

/** Characters of an id that is made here; its file adds an ending. */
const idLength = 200;

/** A name as the id of a catalogue entry. */
export const idOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/\.(safetensors|sft|gguf)$/, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, idLength) || 'model';

export interface NewEntry {
  readonly id: string;
  readonly name: string;
  readonly source: ModelSource;
  readonly recognized: Recognized;
}

/** Writes a catalogue entry, and makes a file of it that people can edit. Resolves with the file. */
export async function writeEntry(
  storageFolder: string,
  { id, name, source, recognized }: NewEntry,
): Promise<string> {
  const { pipelineType, models } = recognized;
  const { defaults, supports } = models;
  return await writeModel(storageFolder, { id, name, pipelineType, source, defaults, supports });
}

/** Writes a catalogue entry as it is. Resolves with the file. */
export async function writeModel(storageFolder: string, entry: ModelInput): Promise<string> {
  const { id } = entry;
  refuseId(id);
  const file = join(ownCatalogueFolder(storageFolder), `${id}.json`);
  await writeWholeFile(file, Buffer.from(`${JSON.stringify(entry, null, 2)}\n`), { replace: true });
  return file;
}

/** Throws ERR_REQUEST_INVALID for an id that is none, or cannot be the name of a file. */
export function refuseId(id: string): void {
  if (modelSchema.shape.id.safeParse(id).success && !id.includes('/')) return;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `"${id.slice(0, 100)}" cannot be the id of an entry: at most 200 lower-case letters, digits and . _ -, a letter or digit first.`,
    hint: 'Give another one with --id.',
  });
}

/** Removes the entry of an id, if this machine has made it. Resolves with whether it has. */
export async function removeEntry(storageFolder: string, { id }: Pick<Model, 'id'>): Promise<boolean> {
  const file = ownEntries(storageFolder).get(id);
  if (file === undefined) return false;
  await rm(file);
  return true;
}

/** The files of the entries that this machine has made, by their ids; absolute. */
export function ownEntries(storageFolder: string): ReadonlyMap<string, string> {
  const folder = ownCatalogueFolder(storageFolder);
  return new Map(
    namesIn(folder).flatMap((name) => {
      const id = idIn(join(folder, name));
      return id === undefined ? [] : [[id, join(folder, name)] as const];
    }),
  );
}

function idIn(file: string): string | undefined {
  try {
    return z.looseObject({ id: z.string() }).parse(parseJson(readFileSync(file, 'utf8'))).id;
  } catch {
    // People edit entries; the catalogue says what is wrong with this one.
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}
