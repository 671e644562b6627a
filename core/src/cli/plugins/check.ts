import { resolve } from 'node:path';
import { sdkVersion } from '../../version.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import type { CheckPluginFlags } from './flags.js';
import { findLoadingProblems } from './loading-problems.js';
import { findManifestProblems } from './manifest-problems.js';

/**
 * `easel plugins check`: every problem of a plugin's folder, as the kernel would see it. Loads its code and
 * starts nothing. Status 1 if there is any.
 */
export async function checkPlugin(path: string, { json }: CheckPluginFlags): Promise<number> {
  const folder = resolve(path);
  const inManifest = findManifestProblems(folder, sdkVersion);
  const problems = inManifest.length > 0 ? inManifest : await findLoadingProblems(folder);
  if (json) printJson({ folder, problems });
  else if (problems.length === 0) printLine(`${folder}: the kernel takes it.`);
  else {
    printLine(`${folder}: the kernel refuses it.`);
    for (const { code, message } of problems) printNote(`  ${code}: ${message}`);
  }
  return problems.length === 0 ? exitStatus.ok : exitStatus.failed;
}
