import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Manifest } from '../manifest.js';
import type { Plugin } from '../plugin.js';
import { apiVersion } from '../versions.js';
import { readPluginFolder } from './read-plugin-folder.js';

export interface LoadedPlugin {
  readonly manifest: Manifest;
  /** Absolute path, symbolic links resolved: what the plugin is told. */
  readonly folder: string;
  readonly plugin: Plugin;
}

/** Imports a plugin into this process. Throws an Error that says what keeps it from being one. */
export async function loadPlugin(path: string): Promise<LoadedPlugin> {
  const { manifest, entry, problems } = readPluginFolder(path);
  if (!manifest || entry === undefined) throw new Error(problems.join('; '));
  const module = (await import(pathToFileURL(entry).href)) as { default?: unknown };
  const what = exportProblem(module.default);
  if (what !== undefined) throw new Error(`The default export of ${manifest.entry} ${what}.`);
  return { manifest, folder: realpathSync(path), plugin: module.default as Plugin };
}

/** What keeps a value from being a plugin, or undefined where nothing does. */
export function exportProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null)
    return 'is not a plugin: make it of `definePlugin({ ... })`, with `export default`';
  const { apiVersion: version, config, options, start } = value as Partial<Record<keyof Plugin, unknown>>;
  if (version !== apiVersion)
    return `has apiVersion ${String(version)}, not ${apiVersion}: make it of \`definePlugin\``;
  if (!isSchema(config)) return 'has no zod schema as `config`';
  if (!isSchema(options)) return 'has no zod schema as `options`';
  return typeof start === 'function' ? undefined : 'has no function `start`';
}

const isSchema = (value: unknown) =>
  typeof (value as { safeParse?: unknown } | null | undefined)?.safeParse === 'function';
