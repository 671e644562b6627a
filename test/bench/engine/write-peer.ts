import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decomposableOperators,
  withoutOperators,
} from '../../../plugins/local-diffusion/src/graph/passes/decomposition.js';
import { readSingleFile } from '../../../plugins/local-diffusion/src/models/read-single-file.js';
import { unetGraph } from '../../../plugins/local-diffusion/src/networks/unet/unet.js';
import { encodeForSession } from '../../../plugins/local-diffusion/src/session/graph-session.js';
import type { BenchModel } from './models.js';
import { writeRandomCheckpoint } from './random-checkpoint.js';

/**
 * Writes the model's denoising network as torch's exporter leaves it: attention, norms and activations in
 * operators of ai.onnx. The weights are a hard link to the checkpoint, which has to lie on the same file
 * system.
 *
 * @returns the path of the ONNX file
 */
export async function writePeer(model: BenchModel, folder: string): Promise<string> {
  const checkpoint = await writeRandomCheckpoint(model);
  const target = join(folder, 'unet');
  await mkdir(target, { recursive: true });
  const weights = join(target, model.fileName);
  await rm(weights, { force: true });
  await link(checkpoint, weights);
  const path = join(target, 'model.onnx');
  const graph = withoutOperators(
    unetGraph((await readSingleFile(weights)).components.unet!),
    new Set(decomposableOperators),
  );
  await writeFile(path, encodeForSession(graph).model);
  return path;
}
