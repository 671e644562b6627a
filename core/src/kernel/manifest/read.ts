import { readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { EaselError, type Manifest, manifestSchema, type Plugin } from '@easel/plugin-sdk';
import { firstProblem } from '../../config/first-problem.js';
import { parseJson } from '../../parse-json.js';

export interface PluginFolder {
  readonly manifest: Manifest;
  /** Absolute path, as it was found. */
  readonly path: string;
  /** Absolute path, symbolic links resolved. */
  readonly folder: string;
  /** Absolute path of the entry module, inside of the folder; empty where it is given by value. */
  readonly entry: string;
  /** What its entry exports, where the host has given it by value. Absent: it is imported. */
  readonly module?: Plugin;
  /**
   * Where it is a copy: what goes with the copy, and the folder that was copied, both absolute. Absent: it is
   * none.
   */
  readonly copy?: { readonly root: string; readonly origin: string };
}

/** Reads and checks the manifest of one plugin folder; runs none of its code. Throws ERR_MANIFEST_INVALID. */
export function readPluginFolder(path: string): PluginFolder {
  const file = join(path, 'plugin.json');
  const invalid = (what: string, cause?: unknown) =>
    new EaselError({ code: 'ERR_MANIFEST_INVALID', message: `${file}: ${what}.`, cause });

  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw invalid(`cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw invalid(`is not JSON (${(cause as Error).message})`, cause);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) throw invalid(firstProblem(parsed.error));
  const manifest = parsed.data;

  const folder = realpathSync(path);
  let entry: string;
  try {
    entry = realpathSync(join(folder, manifest.entry));
  } catch (cause) {
    throw invalid(`entry: there is no file "${manifest.entry}" (has the plugin been built?)`, cause);
  }
  if (!entry.startsWith(folder + sep))
    throw invalid(`entry: "${manifest.entry}" is outside of the plugin's folder`);
  return { manifest, path, folder, entry };
}
