import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { satisfies, validRange } from 'semver';
import { type Manifest, manifestSchema } from '../manifest.js';
import { wireProtocols } from '../versions.js';

const { version: sdkVersion } = createRequire(import.meta.url)('../../package.json') as { version: string };

export interface ReadFolder {
  /** Absent where it does not validate. */
  readonly manifest?: Manifest;
  /** Absolute path of the entry module. Absent where there is no such file inside of the folder. */
  readonly entry?: string;
  /** Sentences; empty for a folder that the kernel would take. */
  readonly problems: readonly string[];
}

/**
 * Reads a plugin folder as the kernel does, running none of its code, and collects all that is wrong with it.
 */
export function readPluginFolder(folder: string): ReadFolder {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(join(folder, 'plugin.json'), 'utf8'));
  } catch (error) {
    return { problems: [`plugin.json: ${(error as Error).message}`] };
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map(
        ({ path, message }) => `plugin.json: ${[...path, message].map(String).join(': ')}`,
      ),
    };
  }
  const manifest = parsed.data;
  const { entry, problem } = findEntry(folder, manifest.entry);
  return {
    manifest,
    ...(entry === undefined ? {} : { entry }),
    problems: [...versionProblems(manifest), ...(problem === undefined ? [] : [problem])],
  };
}

function versionProblems({ sdk, protocols }: Manifest): string[] {
  const problems: string[] = [];
  if (!validRange(sdk)) problems.push(`plugin.json: sdk: "${sdk}" is not a range of versions`);
  else if (!satisfies(sdkVersion, sdk))
    problems.push(`plugin.json: sdk: ${sdk} leaves out the version that is here, ${sdkVersion}`);
  if (!protocols.some((protocol) => wireProtocols.includes(protocol)))
    problems.push(`plugin.json: protocols: ${protocols.join(', ')} has none of ${wireProtocols.join(', ')}`);
  return problems;
}

function findEntry(folder: string, name: string): { entry?: string; problem?: string } {
  try {
    const entry = realpathSync(join(folder, name));
    if (entry.startsWith(realpathSync(folder) + sep)) return { entry };
    return { problem: `plugin.json: entry: "${name}" is outside of the plugin's folder` };
  } catch {
    return { problem: `plugin.json: entry: there is no file "${name}" (has the plugin been built?)` };
  }
}
