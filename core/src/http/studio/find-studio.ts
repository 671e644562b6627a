import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { resolutionFolders } from '../../config/bundled-packages.js';
import { findPackage } from '../../config/find-package.js';

/**
 * Absolute path of the folder with the page of the server. Undefined: its package is not installed, or has
 * not been built.
 */
export function findStudio(): string | undefined {
  const installed = findPackage('@easel/studio', resolutionFolders(process.cwd()));
  const folder = installed && join(installed, 'dist');
  return folder && existsSync(join(folder, 'index.html')) ? folder : undefined;
}
