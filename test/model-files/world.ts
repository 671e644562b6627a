import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { HubEmulator } from './hub/index.js';
import { type Repository, readContents } from './hub/repository.js';

const command = fileURLToPath(new URL('../../core/bin/easel.js', import.meta.url));
export const bundledModel = fileURLToPath(new URL('../../models/picturebook', import.meta.url));
export const bundledEntry = fileURLToPath(
  new URL('../../models/catalogue/picturebook.json', import.meta.url),
);
export const unetFile = 'unet/diffusion_pytorch_model.safetensors';

/** The bundled model as a repository would hold it, with files beside it that nobody needs. */
export async function modelContents(): Promise<Record<string, Buffer>> {
  const { 'MODEL_CARD.md': _, ...contents } = await readContents(bundledModel);
  const needless = ['unet/diffusion_pytorch_model.bin', 'picture.png', 'safety_checker/model.safetensors'];
  const spare = needless.map((path) => [path, Buffer.from(`nobody needs ${path}`)] as const);
  return { ...contents, ...Object.fromEntries(spare) };
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A hub, and a machine whose home is empty; both gone when the test ends. */
export async function openWorld(repositories: readonly Repository[]) {
  const hub = await HubEmulator.start(repositories);
  const folder = await mkdtemp(join(tmpdir(), 'easel-library-'));
  const configuration = { storageFolder: 'storage', pluginFolders: [], catalogueFolders: ['catalogue'] };
  await writeFile(join(folder, 'easel.config.json'), JSON.stringify(configuration));
  const children = new Set<ChildProcess>();
  onTestFinished(async () => {
    for (const child of children) child.kill('SIGKILL');
    await hub.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  });
  const cache = join(folder, 'huggingface', 'hub');
  const start = (words: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
    const child = spawn(process.execPath, [command, ...words], {
      cwd: folder,
      env: {
        ...{
          PATH: process.env.PATH,
          HOME: folder,
          HF_ENDPOINT: hub.url,
          HF_HOME: join(folder, 'huggingface'),
        },
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = once(child, 'close').then(
      ([status]): Ended => ({ status: status as number | null, stdout, stderr }),
    );
    return { child, ended };
  };
  const easel = (words: readonly string[], environment?: NodeJS.ProcessEnv) =>
    start(words, environment).ended;
  return { hub, folder, cache, start, easel };
}
