import type { HubSource } from '@easel/plugin-sdk';
import { installedVersions } from '../../model-files/installed-versions.js';
import { isInstalled } from '../../model-files/resolve-source.js';
import { verify } from '../../model-files/verify.js';
import { findModel } from '../../models/find-model.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { UsageError } from '../terminal/usage-error.js';
import type { VerifyFlags } from './flags.js';
import { openContext } from './open-context.js';

/**
 * `easel models verify`: what was installed, compared with the hub's hashes. Exit status 1 where something is
 * wrong.
 */
export async function verifyModels(id: string | undefined, flags: VerifyFlags): Promise<number> {
  const { catalogue, hub } = openContext(flags);
  const asked = id === undefined ? [...catalogue.models.values()] : [findModel(catalogue, id)];
  const installed = asked.filter((model) => model.source.type === 'hub' && isInstalled(model));
  if (id !== undefined && installed.length === 0) throw new UsageError(`${id} is not installed from a hub`);
  const verified = [];
  for (const model of installed) {
    const own = installedVersions(model.source as HubSource, hub.cacheFolder);
    const files = (await Promise.all(own.map(({ source }) => verify(source, hub.cacheFolder)))).flat();
    const damaged = files.filter(({ isRight }) => !isRight).map(({ path }) => path);
    verified.push({ id: model.id, files: files.length, damaged });
  }
  const bad = verified.filter(({ damaged }) => damaged.length > 0);
  if (flags.json) printJson({ models: verified });
  else for (const { id: name, files, damaged } of verified) printLine(lineOf(name, files, damaged));
  if (!flags.json && verified.length === 0) printNote('nothing is installed from a hub');
  for (const { id: name } of bad)
    printNote(`what was damaged has been removed; fetch it: easel models install ${name}`);
  return bad.length > 0 ? exitStatus.failed : exitStatus.ok;
}

const lineOf = (id: string, files: number, damaged: readonly string[]) =>
  damaged.length === 0 ? `${id}: ${files} files, all right` : `${id}: damaged: ${damaged.join(', ')}`;
