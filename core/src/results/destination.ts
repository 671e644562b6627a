import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { basename, dirname, extname, resolve, sep } from 'node:path';
import { EaselError, type OutputFormat } from '@easel/plugin-sdk';

/** Where pictures go. */
export interface Destination {
  /** Absolute; made when pictures are written, if it is missing. */
  readonly folder: string;
  /**
   * File name without extension, chosen by the caller: existing files are replaced. Absent: names are made,
   * and nothing is replaced.
   */
  readonly stem?: string;
  /**
   * The chosen name's extension, as the caller wrote it, and the format that it stands for. Absent: it has
   * none.
   */
  readonly extension?: { readonly text: string; readonly format: OutputFormat };
  /** What made names begin with. */
  readonly prefix: string;
}

const formats: Readonly<Record<string, OutputFormat>> = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.webp': 'webp',
  '.avif': 'avif',
};

/**
 * Reads what a caller said about where pictures go: nothing (made names in `workingFolder`), an existing
 * folder or a path that ends in a slash (made names in there), or the name of a file. Throws
 * ERR_REQUEST_INVALID where nothing could be written there, so that it is known before the work is done.
 */
export function readDestination(out: string | undefined, workingFolder: string): Destination {
  const destination = locate(out, workingFolder);
  assertWritable(destination.folder, out);
  return destination;
}

function locate(out: string | undefined, workingFolder: string): Destination {
  if (out === undefined) return { folder: resolve(workingFolder), prefix: 'easel-' };
  if (out === '' || out === '-' || out.includes('\0')) throw invalid(`"${out}" is not the name of a file`);
  const path = resolve(workingFolder, out);
  const existing = statOf(path);
  if (existing?.isDirectory() || out.endsWith('/') || out.endsWith(sep)) return { folder: path, prefix: '' };
  if (existing && !existing.isFile()) throw invalid(`${out} exists and is not a file`);

  const folder = dirname(path);
  const text = extname(path);
  if (text === '') return { folder, stem: basename(path), prefix: '' };
  const format = formats[text.toLowerCase()];
  if (!format) {
    throw invalid(`${out} ends in "${text}"; Easel writes ${Object.keys(formats).join(', ')}`);
  }
  return { folder, stem: basename(path, text), extension: { text, format }, prefix: '' };
}

function assertWritable(folder: string, out: string | undefined): void {
  let existing = folder;
  while (!statOf(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const name = out ?? folder;
  if (!statOf(existing)?.isDirectory()) throw invalid(`${name}: ${existing} is not a folder`);
  try {
    accessSync(existing, constants.W_OK);
  } catch (cause) {
    throw invalid(`${name}: the folder ${existing} may not be written to`, cause);
  }
}

/** Undefined where there is nothing, also because a part of the path is a file. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** The extension of a media type: `.jpg` for `image/jpeg`. */
export function extensionOf(mediaType: string): string {
  const subtype = mediaType.replace(/^image\//, '').replace(/[^a-z0-9]+/g, '-');
  return subtype === 'jpeg' ? '.jpg' : `.${subtype}`;
}

const invalid = (what: string, cause?: unknown) =>
  new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `out: ${what}.`,
    hint: 'Name a file such as tree.png, or a folder that may be written to.',
    cause,
  });
