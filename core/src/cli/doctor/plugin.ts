import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PluginFolder } from '../../kernel/manifest/read.js';
import { permissionFlags } from '../../kernel/runner/permission-flags.js';
import { processPermissions } from '../../kernel/supervisor/process-permissions.js';
import { makeFolderSync } from '../../storage/make-folder.js';
import { type Check, diagnosisSchema } from './check.js';

/** What a diagnosis is told. */
export interface DiagnosisContext {
  /** The plugin's options in the configuration, as they are written there. */
  readonly config: unknown;
  /** Absent: its manifest asks for none. */
  readonly storageFolder?: string | undefined;
}

/** A driver may hang; an emulated GPU takes half a minute. */
const patienceMs = 180_000;
const keptErrorCharacters = 4000;

/**
 * Runs the default export of the module that its first argument names, and sends home what that resolves
 * with.
 */
const childCode = `const [url, context] = process.argv.slice(-2);
const { default: diagnose } = await import(url);
const answer = await diagnose(JSON.parse(context));
process.send(answer, () => process.exit(0));`;

/**
 * Runs a plugin's diagnosis as its process would run: in its folder, with its permissions, in an empty
 * environment. Never throws.
 */
export async function diagnosePlugin(
  plugin: PluginFolder,
  module: string,
  { config, storageFolder }: { config: unknown; storageFolder: string },
): Promise<readonly Check[]> {
  const { id, permissions } = plugin.manifest;
  const own = permissions.storage ? join(storageFolder, 'plugins', id) : undefined;
  try {
    if (own !== undefined) makeFolderSync(own, 0o700);
    const flags = permissionFlags(processPermissions(plugin, own));
    return await run(flags, module, plugin.folder, { config, storageFolder: own });
  } catch (error) {
    const fix = `Install it anew; \`easel plugins check ${plugin.folder}\` tells whether its folder is right.`;
    return [{ name: 'diagnosis', ok: false, detail: (error as Error).message, fix }];
  }
}

async function run(
  flags: readonly string[],
  module: string,
  folder: string,
  context: DiagnosisContext,
): Promise<readonly Check[]> {
  const words = ['--input-type=module', '--eval', childCode, pathToFileURL(module).href];
  const child = spawn(process.execPath, [...flags, ...words, JSON.stringify(context)], {
    cwd: folder,
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    windowsHide: true,
  });
  const patience = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  let printed = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed = (printed + text).slice(-keptErrorCharacters);
  });
  let answer: unknown;
  child.on('message', (message) => {
    answer = message;
  });
  try {
    const ended = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) => resolve(signal ?? `status ${status}`));
    });
    if (answer === undefined)
      throw new Error(`It ended with ${ended} and no answer. ${lastLine(printed)}`.trim());
    const parsed = diagnosisSchema.safeParse(answer);
    if (!parsed.success) throw new Error('It answered something that is not a diagnosis.');
    return parsed.data.checks;
  } finally {
    clearTimeout(patience);
  }
}

const lastLine = (text: string): string =>
  text.split('\n').findLast((line) => /\b[A-Za-z]*Error\b/.test(line)) ??
  text.trim().split('\n').at(-1) ??
  '';
