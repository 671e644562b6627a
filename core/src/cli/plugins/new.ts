import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manifestSchema } from '@easel/plugin-sdk';
import { findPackage } from '../../config/find-package.js';
import { readConfiguration } from '../../config/read-configuration.js';
import { makeFolder } from '../../storage/make-folder.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine } from '../terminal/output.js';
import { UsageError } from '../terminal/usage-error.js';
import type { NewPluginFlags } from './flags.js';

/**
 * `easel plugins new`: writes the folder of a plugin that works as it is, and says what to do next. Throws a
 * UsageError.
 */
export async function newPlugin(
  id: string,
  { language, template, folder, config, json }: NewPluginFlags,
): Promise<number> {
  const named = manifestSchema.shape.id.safeParse(id);
  if (!named.success)
    throw new UsageError(
      `${JSON.stringify(id)} is not an id of a plugin: ${named.error.issues[0]?.message}`,
      'Use lower-case letters and digits, with single hyphens between them: easel plugins new my-provider',
    );
  const target = resolve(folder, id);
  if (existsSync(target))
    throw new UsageError(`${target} exists already`, 'Choose another id, or remove that folder.');
  const files = await copyTemplate(`${template}-${language}`, id, target);
  if (json) {
    printJson({ id, folder: target, files });
    return exitStatus.ok;
  }
  const { pluginFolders } = readConfiguration({ configFile: config });
  printLine(`${relative('', target)}: ${files.join(', ')}`);
  printLine('\nNext:');
  const isFound = pluginFolders.includes(dirname(target));
  for (const step of nextSteps(id, { language, template, target, isFound })) printLine(`  ${step}`);
  return exitStatus.ok;
}

/** What the suite needs. Plugins get the kernel's own SDK and zod; their tests and compilers do not. */
const ofSuite = ['@easel/plugin-sdk', 'zod', 'sharp', 'vitest'];

function nextSteps(
  id: string,
  {
    language,
    template,
    target,
    isFound,
  }: Pick<NewPluginFlags, 'language' | 'template'> & {
    readonly target: string;
    readonly isFound: boolean;
  },
): string[] {
  const path = relative('', target);
  const missing = [...ofSuite, ...(language === 'ts' ? ['typescript', '@types/node'] : [])].filter(
    (name) => findPackage(name, [target]) === undefined,
  );
  const use =
    template === 'http' ? [`npx easel emulate ${id}`] : [`npx easel generate "anything" --model ${id}`];
  return [
    ...(missing.length > 0 ? [`npm install --save-dev ${missing.join(' ')}`] : []),
    ...(language === 'ts' ? [`npx tsc -p ${path}`] : []),
    ...(isFound ? [] : [`add "${dirname(path)}" to "pluginFolders" in easel.config.json`]),
    `mkdir -p models/catalogue && cp ${path}/model.json models/catalogue/${id}.json`,
    ...use,
    `npx vitest run --root ${path}`,
  ];
}

/**
 * Copies a template, its own name replaced by the id; it is complete or not there at all. Answers the paths
 * of its files.
 */
async function copyTemplate(template: string, id: string, target: string): Promise<string[]> {
  const source = fileURLToPath(new URL(`../../../templates/${template}`, import.meta.url));
  // As one types it; the README says it.
  const shown = relative('', target);
  // A watching kernel looks at no folder whose name begins with a dot.
  const staging = join(dirname(target), `.new-${id}-${process.pid}`);
  try {
    const entries = await readdir(source, { withFileTypes: true, recursive: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const paths = files
      .map((file) => relative(source, file))
      .filter(isOfTemplate)
      .sort();
    for (const path of paths) {
      const text = await readFile(join(source, path), 'utf8');
      await makeFolder(dirname(join(staging, path)));
      await writeFile(
        join(staging, path),
        text
          .replaceAll(`plugins/${template}`, shown)
          .replaceAll(template, id)
          .replaceAll(asVariable(template), asVariable(id)),
      );
    }
    await rename(staging, target);
    return paths;
  } catch (cause) {
    throw new UsageError(
      `${target} cannot be written (${(cause as NodeJS.ErrnoException).code ?? cause})`,
      'Name a folder that can be written to, with --folder.',
    );
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** As an environment variable begins: "my-provider" as MY_PROVIDER. */
const asVariable = (id: string) =>
  id
    .toUpperCase()
    .replaceAll('-', '_')
    .replace(/^(?=\d)/, 'KEY_');

/** Not what a build of the template, or an installation in it, has left there. */
const isOfTemplate = (path: string) => !/^(dist|node_modules)[\\/]/.test(path);
