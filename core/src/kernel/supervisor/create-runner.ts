import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { findPackage } from '../../config/find-package.js';
import { childLogger, createPluginLog, type HostLogger } from '../../observe/plugin-logger.js';
import { createRedactor } from '../../observe/redact.js';
import { makePrivateFolder } from '../../storage/keep-private.js';
import { storageHint } from '../../storage/open-storage.js';
import { sdkVersion } from '../../version.js';
import type { Events } from '../events.js';
import { negotiate } from '../manifest/negotiate.js';
import type { PluginFolder } from '../manifest/read.js';
import { InlineRunner } from '../runner/inline-runner.js';
import { createProcessRunner } from '../runner/process-runner.js';
import type { Runner } from '../runner/runner.js';
import { createThreadRunner } from '../runner/thread-runner.js';
import { processPermissions } from './process-permissions.js';
import { resolveSecrets } from './secrets.js';

/** What a plugin is run with. */
export interface Launch {
  readonly plugin: PluginFolder;
  /** The plugin's part of the configuration; the plugin validates it. */
  readonly config: unknown;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder in which `plugins` holds the plugins' own folders. */
  readonly storageFolder: string;
  /** Address below which the server takes webhooks for it. Absent: there is none. */
  readonly webhookUrl?: string | undefined;
  readonly logger: HostLogger;
  readonly events: Pick<Events, 'emit'>;
  /** Whether the plugin's code is only to be loaded. Absent: no. */
  readonly onlyLoad?: boolean;
}

/**
 * The runner of the isolation that the manifest asks for, with the secrets that it names; `redact` takes
 * those out of a text.
 *
 * @throws ERR_SECRET_MISSING, ERR_PLUGIN_START_FAILED where its storage folder cannot be made
 */
export function createRunner(launch: Launch): { runner: Runner; redact: (text: string) => string } {
  const { plugin, config, environment, logger, events, webhookUrl, onlyLoad = false } = launch;
  const { id, version, permissions, runtime } = plugin.manifest;
  const secrets = onlyLoad
    ? {}
    : resolveSecrets(id, permissions.secrets, permissions.optionalSecrets, environment);
  const redact = createRedactor(secrets);
  const onLog = createPluginLog(childLogger(logger, { plugin: id }), redact, (level, message, details = {}) =>
    events.emit('plugin-log', { plugin: id, version, level, message, details }),
  );
  const storageFolder = permissions.storage && !onlyLoad ? makeStorageFolder(launch) : undefined;
  const { isolation, logLinesPerSecond, finishMs } = runtime;
  const { folder, entry } = plugin;
  const protocol = negotiate(plugin.manifest, sdkVersion);
  const start = {
    plugin: id,
    protocol,
    folder,
    entry,
    onlyLoad,
    lacksSdk: findPackage('@easel/plugin-sdk', [plugin.copy?.origin ?? folder]) === undefined,
    config,
    secrets,
    storageFolder,
    webhookUrl,
    logLinesPerSecond,
    finishMs,
  };
  const options = { start, limits: runtime, onLog };
  if (plugin.module || isolation === 'inline')
    return { runner: new InlineRunner({ ...options, module: plugin.module }), redact };
  if (isolation === 'thread') return { runner: createThreadRunner(options), redact };
  const runner = createProcessRunner({
    ...options,
    permissions: processPermissions(plugin, storageFolder),
  });
  return { runner, redact };
}

function makeStorageFolder({ plugin, storageFolder }: Launch): string {
  const { id } = plugin.manifest;
  const folder = join(storageFolder, 'plugins', id);
  try {
    makePrivateFolder(folder);
  } catch (cause) {
    throw new EaselError({
      code: 'ERR_PLUGIN_START_FAILED',
      plugin: id,
      message: `The storage folder of the plugin "${id}" cannot be made: ${(cause as Error).message}.`,
      hint: storageHint,
      cause,
    });
  }
  return folder;
}
