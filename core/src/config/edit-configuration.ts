import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { parseJson } from '../parse-json.js';
import { resolutionFolders } from './bundled-packages.js';
import { type Configuration, configurationSchema } from './configuration.js';
import { type ConfigurationSource, configurationFileOf } from './configuration-source.js';
import { firstProblem } from './first-problem.js';
import { findNamedPlugin } from './named-plugins.js';

/** What a configuration file says, as it stands there. */
type WrittenConfiguration = Readonly<Record<string, unknown>> & {
  readonly plugins?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/**
 * Sets one field of a plugin in `easel.config.json`, and leaves all others as they are; the file is made
 * where there is none, and written whole. Answers its absolute path.
 *
 * @param newName what the file is to call the plugin where it does not name it yet. Absent: its id
 * @throws ERR_CONFIG_INVALID where the file is broken, or cannot be written
 */
export function editPluginConfiguration(
  source: ConfigurationSource,
  plugin: string,
  change: Partial<Configuration['plugins'][string]>,
  newName = plugin,
): string {
  const file = configurationFileOf(source);
  const invalid = (what: string, cause?: unknown) =>
    new EaselError({ code: 'ERR_CONFIG_INVALID', message: `${file}: ${what}.`, cause });
  let text = '{}';
  let written: WrittenConfiguration;
  try {
    if (existsSync(file)) text = readFileSync(file, 'utf8');
    written = parseJson(text) as WrittenConfiguration;
  } catch (cause) {
    throw invalid(`cannot be read (${(cause as Error).message})`, cause);
  }
  const { error } = configurationSchema.safeParse(written);
  if (error) throw invalid(firstProblem(error));
  const name = nameIn(written, plugin, file) ?? newName;
  const plugins = { ...written.plugins, [name]: { ...written.plugins?.[name], ...change } };
  const edited = JSON.stringify({ ...written, plugins }, null, indentOf(text));
  const staged = resolve(`${file}.${process.pid}.new`);
  try {
    writeFileSync(staged, `${edited}\n`);
    renameSync(staged, file);
  } catch (cause) {
    rmSync(staged, { force: true });
    throw invalid(`cannot be written (${(cause as Error).message})`, cause);
  }
  return file;
}

/**
 * What the file calls a plugin: its id, the name of its package or the path of its folder. Undefined:
 * nothing.
 */
function nameIn({ plugins = {} }: WrittenConfiguration, id: string, file: string): string | undefined {
  const folders = resolutionFolders(dirname(file));
  return Object.keys(plugins).find((name) => name === id || findNamedPlugin(name, folders)?.id === id);
}

/** What the file indents by; two blanks where it does not. */
const indentOf = (text: string): string => /^\uFEFF?\{\r?\n([ \t]+)/.exec(text)?.[1] ?? '  ';
