import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';
import { parseJson } from '../parse-json.js';
import { storageHint } from '../storage/open-storage.js';
import type { Configuration } from './configuration.js';

type Secrets = Readonly<Record<string, string>>;

const schema = z.record(z.string(), z.string());

/** Anybody but the owner: group and others. */
const othersMask = 0o077;

/** Absolute path of the file, there or not. */
export const secretsFileOf = ({ secretsFile, storageFolder }: Configuration): string =>
  secretsFile ?? join(storageFolder, 'secrets.json');

/**
 * Reads secrets by name out of the file that the configuration names, or out of `secrets.json` in the storage
 * folder, where there is one.
 *
 * @throws ERR_CONFIG_INVALID for a file that others may read, that is not a JSON object of strings, or that
 * is named and not there; never with anything out of it
 */
export function readSecretsFile(configuration: Configuration): Secrets {
  const { secretsFile } = configuration;
  const file = secretsFileOf(configuration);
  let text: string;
  try {
    // Windows has no such bits; there the folder's own rights decide.
    const { mode } = statSync(file);
    if (process.platform !== 'win32' && (mode & othersMask) !== 0) throw tooOpen(file, mode);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (EaselError.isInstance(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && secretsFile === undefined) return {};
    const hint = secretsFile === undefined ? storageHint : 'Correct secretsFile in easel.config.json.';
    throw invalid(`${file} cannot be read (${code})`, hint);
  }
  const parsed = schema.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  throw invalid(
    `${file} is not a JSON object of strings`,
    'Write names and values: { "SOME_API_KEY": "..." }.',
  );
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // What the parser says quotes the file.
    return undefined;
  }
}

const tooOpen = (file: string, mode: number): EaselError =>
  invalid(
    `${file} may be read by others (its mode is ${(mode & 0o777).toString(8)})`,
    `Close it: chmod 600 ${file}`,
  );

const invalid = (what: string, hint: string): EaselError =>
  new EaselError({ code: 'ERR_CONFIG_INVALID', message: `The secrets file ${what}.`, hint });
