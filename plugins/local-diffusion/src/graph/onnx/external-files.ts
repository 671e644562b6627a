import { dirname, relative, sep } from 'node:path';
import { invalidFiles } from '../../checkpoint/invalid-files.js';

/**
 * The deepest folder that holds all files, directly or below; empty for no files.
 *
 * ONNX Runtime takes one folder a session and refuses paths that leave it (absolute ones, `..`, symbolic
 * links), so the files must be real paths.
 *
 * @throws ERR_MODEL_FILES_INVALID when they lie on different drives
 */
export function commonFolder(files: readonly string[]): string {
  const [first, ...others] = new Set(files);
  if (first === undefined) return '';
  let folder = dirname(first);
  for (const file of others) {
    while (!file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
      const parent = dirname(folder);
      if (parent === folder) {
        throw invalidFiles(
          `${first} and ${file} have no folder in common.`,
          'Put the files of one model on one drive.',
        );
      }
      folder = parent;
    }
  }
  return folder;
}

/** The path of `file` below `folder` as an ONNX graph wants it: relative, with slashes. */
export function relativeLocation(folder: string, file: string): string {
  return relative(folder, file).split(sep).join('/');
}
