import { readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { EaselError, type ErrorCode, type Manifest, manifestSchema, wireProtocols } from '@easel/plugin-sdk';
import { negotiate } from '../../kernel/manifest/negotiate.js';
import { readPluginFolder } from '../../kernel/manifest/read.js';
import { parseJson } from '../../parse-json.js';

export interface ManifestProblem {
  readonly code: ErrorCode;
  /** Where and what: "permissions.secrets.0: must be an environment variable in capitals". */
  readonly message: string;
}

/**
 * All that keeps the kernel from taking a plugin folder, where the kernel itself stops at the first. What the
 * kernel refuses is never told to be fine: a folder without a problem goes the kernel's own way at the end.
 */
export function findManifestProblems(folder: string, sdkVersion: string): ManifestProblem[] {
  const json = readManifest(folder);
  if (json === undefined) return verdict(folder, sdkVersion);
  const parsed = manifestSchema.safeParse(json);
  const written = json as Readonly<Record<string, unknown>>;
  const problems = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) =>
      invalid(path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`),
    ),
    ...folderProblems(folder, written),
    ...versionProblems(written, sdkVersion),
  ];
  return problems.length > 0 ? problems : verdict(folder, sdkVersion);
}

/** The manifest, or undefined where it is not a JSON object. */
function readManifest(folder: string): object | undefined {
  try {
    const json: unknown = parseJson(readFileSync(join(folder, 'plugin.json'), 'utf8'));
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}

function folderProblems(folder: string, { entry }: Readonly<Record<string, unknown>>): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  if (typeof entry !== 'string' || entry === '') return problems;
  try {
    if (!realpathSync(join(folder, entry)).startsWith(realpathSync(folder) + sep))
      problems.push(invalid(`entry: "${entry}" is outside of the plugin's folder`));
  } catch {
    problems.push(invalid(`entry: there is no file "${entry}" (has the plugin been built?)`));
  }
  return problems;
}

/** The SDK's range and the protocols apart from each other, each in the kernel's own words. */
function versionProblems(written: Readonly<Record<string, unknown>>, sdkVersion: string): ManifestProblem[] {
  const { sdk, protocols } = manifestSchema.shape;
  const [range, spoken] = [sdk.safeParse(written.sdk), protocols.safeParse(written.protocols)];
  const id = String(written.id);
  const attempts = [
    ...(range.success ? [{ id, sdk: range.data, protocols: [...wireProtocols] }] : []),
    ...(spoken.success ? [{ id, sdk: sdkVersion, protocols: spoken.data }] : []),
  ];
  return attempts.flatMap((manifest) => problemsOf(() => negotiate(manifest as Manifest, sdkVersion)));
}

const verdict = (folder: string, sdkVersion: string): ManifestProblem[] =>
  problemsOf(() => negotiate(readPluginFolder(folder).manifest, sdkVersion));

function problemsOf(attempt: () => void): ManifestProblem[] {
  try {
    attempt();
    return [];
  } catch (error) {
    if (EaselError.isInstance(error)) return [{ code: error.code, message: error.message }];
    throw error;
  }
}

const invalid = (message: string): ManifestProblem => ({ code: 'ERR_MANIFEST_INVALID', message });
