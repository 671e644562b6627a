import { join } from 'node:path';
import { EaselError, type Image, type Warning } from '@easel/plugin-sdk';
import { type Destination, extensionOf, readDestination } from './destination.js';
import type { ImageResult } from './image-result.js';
import { slugOf } from './slug.js';
import { writeWholeFile } from './write-whole-file.js';

export interface SaveOptions {
  /**
   * A file name for one picture (several become `name-1.png`, `name-2.png`, ...; existing files are
   * replaced), or an existing folder or a path that ends in a slash, for `<prompt>-<seed>.png` in there.
   * Absent: `easel-<prompt>-<seed>.png` in `workingFolder`. Names that are made never replace a file: `-2`,
   * `-3`, ... is added. A name without an extension gets the one of the picture's format.
   */
  readonly out?: string | undefined;
  /** Folder that `out` is relative to. Absent: the working directory of the process. */
  readonly workingFolder?: string | undefined;
}

export interface SavedImage extends Omit<Image, 'bytes'> {
  /** Absolute. */
  readonly path: string;
}

export interface SavedImages {
  /** In the order of the result's images. */
  readonly files: readonly SavedImage[];
  /** Files whose name had to be another one than asked for. */
  readonly warnings: readonly Warning[];
}

/** Tries of a made name; more files of one name in a folder are a mistake. */
const nameTries = 10_000;

/**
 * Writes the pictures of a result to files, each whole or not at all. {@link embedProvenance} first, so that
 * the files tell where they come from. Throws ERR_REQUEST_INVALID where `out` cannot be written to, and
 * ERR_STORAGE where its disk is full or fails.
 *
 * @example
 * const { files } = await saveImages(embedProvenance(result), { out: 'pictures/' });
 */
export async function saveImages(result: ImageResult, options: SaveOptions = {}): Promise<SavedImages> {
  const destination = readDestination(options.out, options.workingFolder ?? process.cwd());
  const warnings: Warning[] = [];
  const files: SavedImage[] = [];
  const warn = (message: string) => void warnings.push({ code: 'other', message });
  for (const [index, image] of result.images.entries()) {
    const number = result.images.length === 1 ? '' : `-${index + 1}`;
    const path =
      destination.stem === undefined
        ? await saveUnderMadeName(image, destination, result.provenance.parameters.prompt)
        : await saveUnderChosenName(image, destination, `${destination.stem}${number}`, warn);
    const { bytes: _, ...about } = image;
    files.push({ path, ...about });
  }
  return { files, warnings };
}

async function saveUnderChosenName(
  image: Image,
  { folder, extension }: Destination,
  stem: string,
  warn: (message: string) => void,
): Promise<string> {
  if (extension && image.mediaType !== `image/${extension.format}`) {
    const path = await writeUnderFreeName(join(folder, stem), extensionOf(image.mediaType), image.bytes);
    warn(`The picture is of the type ${image.mediaType}, so it was saved as ${path}.`);
    return path;
  }
  const path = join(folder, `${stem}${extension?.text ?? extensionOf(image.mediaType)}`);
  await writeOut(path, image.bytes, { replace: true });
  return path;
}

async function saveUnderMadeName(image: Image, destination: Destination, prompt: string): Promise<string> {
  const seed = image.seed === undefined ? '' : `-${image.seed}`;
  const stem = join(destination.folder, `${destination.prefix}${slugOf(prompt)}${seed}`);
  return await writeUnderFreeName(stem, extensionOf(image.mediaType), image.bytes);
}

async function writeUnderFreeName(stem: string, extension: string, bytes: Uint8Array): Promise<string> {
  for (let number = 1; number <= nameTries; number++) {
    const path = `${stem}${number === 1 ? '' : `-${number}`}${extension}`;
    if (await writeOut(path, bytes, { replace: false })) return path;
  }
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message: `out: ${stem}${extension} exists, and so do ${nameTries - 1} more of that name.`,
    hint: 'Name another folder or a file.',
  });
}

/** What a disk refuses to whoever names the place. */
const diskFaults: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EIO']);

async function writeOut(...file: Parameters<typeof writeWholeFile>): Promise<boolean> {
  try {
    return await writeWholeFile(...file);
  } catch (error) {
    const { message, cause } = error as EaselError;
    if (diskFaults.has((cause as NodeJS.ErrnoException).code)) throw error;
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `out: ${message}`,
      hint: 'Name a place that may be written to.',
      cause,
    });
  }
}
