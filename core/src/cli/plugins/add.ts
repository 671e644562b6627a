import { dirname } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { approvalOf, unapproved } from '../../config/approval.js';
import { configurationFileOf } from '../../config/configuration-source.js';
import { editPluginConfiguration } from '../../config/edit-configuration.js';
import { findNamedPlugin } from '../../config/named-plugins.js';
import { readConfiguration } from '../../config/read-configuration.js';
import { type PluginFolder, readPluginFolder } from '../../kernel/manifest/read.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printable, printJson, printLine, printNote } from '../terminal/output.js';
import { UsageError } from '../terminal/usage-error.js';
import type { AddPluginFlags } from './flags.js';
import { NpmProject } from './npm-project.js';

/**
 * `easel plugins add`: installs a package, shows what its plugin asks for, and after a yes writes down in the
 * configuration what was approved. After a no, everything is as before, status 1. Throws a UsageError.
 */
export async function addPlugin(
  specification: string,
  { yes, config, json }: AddPluginFlags,
): Promise<number> {
  const source = { configFile: config };
  const folder = dirname(configurationFileOf(source));
  const project = new NpmProject(folder);
  const approved = readConfiguration(source).plugins;
  const name = await project.nameOf(specification);
  const bringBack = project.remember();
  try {
    await project.install(specification);
    const plugin = readPlugin(name, folder);
    const { id, version } = plugin.manifest;
    const approval = approvalOf(plugin);
    const asked = unapproved(plugin, approved[id]?.approved);
    if (!yes && !(await agrees(plugin, asked, approval.permissions))) {
      await bringBack();
      printNote(`${name} was not added: nobody has said yes. Add it with --yes, or answer "yes".`);
      return exitStatus.failed;
    }
    const file = editPluginConfiguration(source, id, { approved: approval }, name);
    if (json) printJson({ id, package: name, ...approval, file });
    else printLine(printable(`${id} ${version} (${name}) was added to ${file}.`));
    return exitStatus.ok;
  } catch (error) {
    await bringBack();
    throw error;
  }
}

function readPlugin(name: string, folder: string): PluginFolder {
  const found = findNamedPlugin(name, [folder]);
  if (found) return readPluginFolder(found.folder);
  throw new UsageError(
    `the package ${name} is not a plugin: it has no plugin.json`,
    'Name a package that has one.',
  );
}

/** Asks on the terminal, whatever goes to stdout; the end of stdin is a no. */
async function agrees(
  { manifest: { id, version } }: PluginFolder,
  asked: readonly string[],
  all: readonly string[],
): Promise<boolean> {
  if (all.length === 0) printNote(`The plugin "${id}" ${version} asks for nothing.`);
  else printNote(`The plugin "${id}" ${version} asks for:`);
  for (const permission of all)
    printNote(`  ${permission}${asked.includes(permission) ? '' : ' (approved)'}`);
  if (all.length > 0 && asked.length === 0) return true;
  const terminal = createInterface({ input: process.stdin });
  process.stderr.write('Its code runs on this machine, and may reach the network. Add it? (yes/no) ');
  try {
    for await (const line of terminal) return /^y(es)?$/i.test(line.trim());
    return false;
  } finally {
    terminal.close();
  }
}
