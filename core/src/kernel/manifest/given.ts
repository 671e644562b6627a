import { EaselError, type Manifest, manifestSchema, type Plugin } from '@easel/plugin-sdk';
import { firstProblem } from '../../config/first-problem.js';
import { sdkVersion } from '../../version.js';
import type { PluginFolder } from './read.js';

/**
 * A plugin that the host gives by value. It runs inside of the kernel, and has the host's folder.
 *
 * @param folder absolute path
 * @throws ERR_MANIFEST_INVALID
 */
export function readGivenPlugin(module: Plugin, folder: string): PluginFolder {
  return { manifest: parseManifest(module), path: folder, folder, entry: '', module };
}

function parseManifest({ manifest }: Plugin): Manifest {
  if (!manifest)
    throw invalid('it has no manifest', 'Give definePlugin a manifest with an id and what it handles.');
  const isolation = manifest.runtime?.isolation ?? 'inline';
  if (isolation !== 'inline')
    throw invalid(
      `runtime.isolation: is "${isolation}", but what is given by value runs inside of the kernel`,
      'Put it into a folder with a plugin.json, and give the path of that.',
    );
  const parsed = manifestSchema.safeParse({
    version: '0.0.0',
    ...manifest,
    sdk: sdkVersion,
    entry: '.',
    runtime: { ...manifest.runtime, isolation },
  });
  if (parsed.success) return parsed.data;
  throw invalid(firstProblem(parsed.error));
}

const invalid = (what: string, hint?: string): EaselError =>
  new EaselError({
    code: 'ERR_MANIFEST_INVALID',
    message: `A plugin among the options "plugins": ${what}.`,
    hint,
  });
