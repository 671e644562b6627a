/** Bytes of a name that file systems take at the most: NAME_MAX of Linux and macOS. */
const nameBytes = 255;
const pathBytes = 1_000;

/**
 * Whether a path of a repository can be one of a file below a folder: relative, with slashes, without control
 * characters.
 */
export const isFilePath = (path: string): boolean =>
  Buffer.byteLength(path) <= pathBytes &&
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  !/[\u0000-\u001f\u007f\\]/.test(path) &&
  path.split('/').every((name) => name !== '' && name !== '.' && name !== '..' && isFileName(name));

const isFileName = (name: string): boolean => Buffer.byteLength(name) <= nameBytes;
