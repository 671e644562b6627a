import { readConfiguration } from '../../config/read-configuration.js';
import { discoverPlugins } from '../../kernel/manifest/discover.js';
import { coreVersion, sdkVersion } from '../../version.js';
import { findCompanion } from '../plugins/find-companion.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printable, printJson, printLine, printNote } from '../terminal/output.js';
import type { Check } from './check.js';
import type { DoctorFlags } from './flags.js';
import { checkMachine } from './machine.js';
import { diagnosePlugin } from './plugin.js';

interface Diagnosis {
  /** Absent: the machine. */
  readonly plugin?: string;
  readonly checks: readonly Check[];
}

/**
 * `easel doctor`: looks at the machine, and has every enabled plugin that can look at itself. One plugin
 * after the other, since they measure. Exit status 1 where something is wrong that is needed.
 */
export async function doctor(flags: DoctorFlags): Promise<number> {
  const configuration = readConfiguration({ configFile: flags.config });
  const { plugins, storageFolder } = configuration;
  const diagnoses: Diagnosis[] = [];
  const tell = (diagnosis: Diagnosis) => {
    diagnoses.push(diagnosis);
    if (!flags.json) print(diagnosis);
  };
  if (!flags.json) printLine(`Easel ${coreVersion}`);
  tell({ checks: await checkMachine(storageFolder) });
  const discovery = discoverPlugins(configuration, sdkVersion);
  const enabled = discovery.plugins.filter(({ manifest }) => plugins[manifest.id]?.enabled ?? true);
  for (const plugin of enabled) {
    const { id } = plugin.manifest;
    const module = findCompanion(plugin, 'doctor');
    if (module === undefined) continue;
    if (!flags.json) printNote(`\nasking ${id} ...`);
    const config = plugins[id]?.options ?? {};
    tell({ plugin: id, checks: await diagnosePlugin(plugin, module, { config, storageFolder }) });
  }
  for (const { folder, reason } of discovery.rejected) {
    const fix = `easel plugins check ${folder}`;
    tell({ plugin: folder, checks: [{ name: 'manifest', ok: false, detail: reason.message, fix }] });
  }
  const isWell = diagnoses.every(({ checks }) => checks.every(({ ok, optional }) => ok || optional));
  if (flags.json) printJson({ version: coreVersion, ok: isWell, diagnoses });
  return isWell ? exitStatus.ok : exitStatus.failed;
}

function print({ plugin, checks }: Diagnosis): void {
  if (plugin !== undefined) printLine(`\n${printable(plugin)}`);
  for (const { name, ok, detail, fix, optional } of checks) {
    const mark = ok ? 'ok  ' : optional ? 'note' : 'FAIL';
    printLine(printable(`${mark}  ${name}: ${detail}`));
    if (!ok && fix !== undefined) printLine(printable(`      ${fix}`));
  }
}
