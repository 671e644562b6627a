import { sdkVersion } from '../../version.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { findCheckedFolders } from './find-checked.js';
import type { CheckPluginFlags } from './flags.js';
import { findLoadingProblems } from './loading-problems.js';
import { findManifestProblems, type ManifestProblem } from './manifest-problems.js';

interface Checked {
  /** Absolute. */
  readonly folder: string;
  readonly problems: readonly ManifestProblem[];
}

/**
 * `easel plugins check`: every problem of a plugin's folder, or of several, as the kernel would see it. Loads
 * its code and starts nothing. Status 1 if there is any.
 */
export async function checkPlugin(named: string, { config, json }: CheckPluginFlags): Promise<number> {
  const checked: Checked[] = [];
  for (const folder of findCheckedFolders(named, config)) {
    const one = { folder, problems: await findProblems(folder) };
    checked.push(one);
    if (!json) tell(one);
  }
  if (json) printJson(checked.length === 1 ? checked[0] : { plugins: checked });
  return checked.every(({ problems }) => problems.length === 0) ? exitStatus.ok : exitStatus.failed;
}

async function findProblems(folder: string): Promise<ManifestProblem[]> {
  const inManifest = findManifestProblems(folder, sdkVersion);
  return inManifest.length > 0 ? inManifest : await findLoadingProblems(folder);
}

function tell({ folder, problems }: Checked): void {
  printLine(`${folder}: the kernel ${problems.length === 0 ? 'takes' : 'refuses'} it.`);
  for (const { code, message } of problems) printNote(`  ${code}: ${message}`);
}
