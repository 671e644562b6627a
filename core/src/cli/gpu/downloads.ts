import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EaselError, type Manifest } from '@easel/plugin-sdk';
import { readConfiguration } from '../../config/read-configuration.js';
import { discoverPlugins } from '../../kernel/manifest/discover.js';
import { sdkVersion } from '../../version.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import type { DownloadFlags } from './flags.js';

type PluginDownload = Manifest['downloads'][number];

/**
 * Runs what the plugins' manifests offer to fetch under a name, by the packages' own scripts, whose words go
 * to stderr. One that fails does not keep the others from being run.
 *
 * @throws ERR_CONFIG_INVALID where no plugin offers it, ERR_PLUGIN_FAILED where a script fails
 */
export async function runDownloads(name: string, { config, json }: DownloadFlags): Promise<number> {
  const { plugins } = discoverPlugins(readConfiguration({ configFile: config }), sdkVersion);
  const offered = plugins.flatMap(({ folder, manifest }) =>
    manifest.downloads
      .filter((download) => download.name === name)
      .map((download) => ({ folder, manifest, download })),
  );
  if (offered.length === 0) {
    throw new EaselError({
      code: 'ERR_CONFIG_INVALID',
      message: `No plugin has anything to fetch for "${name}".`,
      hint: 'Check the plugin folders: easel plugins.',
    });
  }
  const failures: EaselError[] = [];
  const done: { readonly plugin: string; readonly package: string }[] = [];
  for (const { folder, manifest, download } of offered) {
    printNote(`${manifest.id}: ${download.description}`);
    const found = findPackage(folder, download);
    const status = found && (await run(found.folder, download));
    if (!found) failures.push(notInstalled(manifest.id, download));
    else if (status === 0) done.push({ plugin: manifest.id, package: found.name });
    else failures.push(failed(manifest.id, found.name, status));
  }
  const [first, ...others] = failures;
  for (const { message } of others) printNote(message);
  if (first) throw first;
  if (json) printJson({ downloads: done });
  else for (const { plugin, package: from } of done) printLine(`${plugin}: ${from} has what it needs`);
  return exitStatus.ok;
}

interface InstalledPackage {
  readonly name: string;
  readonly folder: string;
}

/** The first of the packages that is installed for a plugin. */
function findPackage(plugin: string, { package: names }: PluginDownload): InstalledPackage | undefined {
  const { resolve } = createRequire(join(plugin, 'plugin.json'));
  for (const name of [names].flat()) {
    try {
      return { name, folder: dirname(resolve(`${name}/package.json`)) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}

/** Resolves with the script's exit status, or the signal that ended it. */
async function run(folder: string, download: PluginDownload): Promise<number | string> {
  const child = spawn(process.execPath, [join(folder, download.script)], {
    cwd: folder,
    env: { ...process.env, ...download.environment },
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
  });
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal ?? status ?? 1;
}

const notInstalled = (plugin: string, { package: names }: PluginDownload) =>
  new EaselError({
    code: 'ERR_PLUGIN_FAILED',
    plugin,
    message: `The package that fetches it is not installed: ${[names].flat().join(' or ')}.`,
    hint: 'Install it beside the plugin; on a platform that it does not exist for, there is nothing to fetch.',
  });

const failed = (plugin: string, from: string, status: number | string | undefined) =>
  new EaselError({
    code: 'ERR_PLUGIN_FAILED',
    plugin,
    message: `The script of ${from} ended with ${typeof status === 'number' ? `status ${status}` : status}; its own words are above.`,
    hint: 'Check the network and the space on the disk; a proxy goes into the variable that the package reads.',
  });
