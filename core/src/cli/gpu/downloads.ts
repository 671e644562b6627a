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
  for (const { folder, manifest, download } of offered) {
    printNote(`${manifest.id}: ${download.description}`);
    const status = await run(folder, download);
    if (status !== 0) failures.push(failed(manifest.id, download, status));
  }
  if (failures[0]) throw failures[0];
  const done = offered.map(({ manifest, download }) => ({ plugin: manifest.id, package: download.package }));
  if (json) printJson({ downloads: done });
  else for (const { plugin, package: from } of done) printLine(`${plugin}: ${from} has what it needs`);
  return exitStatus.ok;
}

/** Resolves with the script's exit status, or the signal that ended it. */
async function run(folder: string, download: PluginDownload): Promise<number | string> {
  const packageFile = createRequire(join(folder, 'plugin.json')).resolve(`${download.package}/package.json`);
  const script = join(dirname(packageFile), download.script);
  const child = spawn(process.execPath, [script], {
    cwd: dirname(packageFile),
    env: { ...process.env, ...download.environment },
    stdio: ['ignore', process.stderr.fd, process.stderr.fd],
  });
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal ?? status ?? 1;
}

const failed = (plugin: string, download: PluginDownload, status: number | string) =>
  new EaselError({
    code: 'ERR_PLUGIN_FAILED',
    plugin,
    message: `The script of ${download.package} ended with ${typeof status === 'number' ? `status ${status}` : status}; its own words are above.`,
    hint: 'Check the network and the space on the disk; a proxy goes into the variable that the package reads.',
  });
