import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { measureInTurn } from '../engine/measure.js';
import type { BenchModel } from '../engine/models.js';
import { networkPhase } from '../engine/network-phases.js';
import { cacheFolder, writeRandomCheckpoint } from '../engine/random-checkpoint.js';
import { writeOnnx } from './measure-beside-python.js';
import { pythonOf } from './peer.js';

const path = (relative: string) => fileURLToPath(new URL(`../../../${relative}`, import.meta.url));
const run = promisify(execFile);
const edge = 512;

/**
 * An image of four steps with guidance, from a cold process to the PNG: by the command in exact and in fast,
 * and by OpenVINO over the same graphs, in turn. What each prepares, its first run has prepared.
 */
export async function measureImageBesideOpenVino(
  model: BenchModel,
  rounds: number,
): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(cacheFolder, 'image-'));
  try {
    await writeFolder(model, folder);
    const words = ['generate', 'a yellow star', '--model', model.name, '--seed', '7', '--quiet'];
    const easel = (...more: string[]) =>
      run(process.execPath, [path('core/bin/easel.js'), ...words, '--out', 'easel.png', ...more], {
        cwd: folder,
      });
    const python = await pythonOf('openvino');
    const program = path('test/bench/peers/openvino_image.py');
    const places = [cacheFolder, join(folder, 'compiled'), join(folder, 'openvino.png')];
    const openVino = () => run(python, [program, ...places]);
    const [exact, fast, peer] = await measureInTurn([() => easel(), () => easel('--fast'), openVino], rounds);
    return {
      exactS: exact!.warmS,
      fastS: fast!.warmS,
      peerS: peer!.warmS,
      exactByPeer: exact!.warmS / peer!.warmS,
      fastByPeer: fast!.warmS / peer!.warmS,
    };
  } finally {
    await rm(folder, { recursive: true, maxRetries: 10 });
  }
}

async function writeFolder(model: BenchModel, folder: string): Promise<void> {
  const supports = {
    ...{ minimumEdge: edge, maximumEdge: edge, edgeMultiple: 8, images: 1 },
    ...{ seed: true, steps: true, guidanceScale: true },
  };
  const entry = {
    ...{ id: model.name, name: model.name, pipelineType: model.pipelineType, supports },
    source: { type: 'file', path: await writeRandomCheckpoint(model) },
    defaults: { width: edge, height: edge, steps: 4, guidanceScale: 7.5 },
  };
  const configuration = { storageFolder: 'kept', catalogueFolders: ['catalogue'] };
  await mkdir(join(folder, 'catalogue'));
  await writeFile(join(folder, 'catalogue', `${model.name}.json`), JSON.stringify(entry));
  await writeFile(
    join(folder, 'easel.config.json'),
    JSON.stringify({ ...configuration, pluginFolders: [path('plugins')] }),
  );
  for (const phase of ['text', 'unet', 'decode-512'])
    await writeOnnx(await networkPhase(phase, model), phase);
}
