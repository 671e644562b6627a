import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createImageServiceManager } from '@easel/core';
import type { MeasureOptions } from './measure-network.js';
import type { BenchModel } from './models.js';
import { writeRandomCheckpoint } from './random-checkpoint.js';

const steps = 4;

/**
 * A whole call through the kernel, warm: how much of it is not inside of `session.run`. The plugin is the
 * built one.
 */
export async function measureGenerating(model: BenchModel, { provider }: Pick<MeasureOptions, 'provider'>) {
  const folder = await mkdtemp(join(tmpdir(), 'easel-bench-engine-'));
  const edge = 8 * model.latentEdge;
  const source = { type: 'file', path: await writeRandomCheckpoint(model) };
  const supports = {
    minimumEdge: edge,
    maximumEdge: edge,
    edgeMultiple: 8,
    images: 1,
    seed: true,
    steps: true,
  };
  const defaults = { width: edge, height: edge, steps };
  const entry = {
    id: model.name,
    name: model.name,
    pipelineType: model.pipelineType,
    source,
    defaults,
    supports,
  };
  await writeFile(join(folder, `${model.name}.json`), JSON.stringify(entry));
  try {
    await using manager = createImageServiceManager({
      environment: {},
      configuration: {
        catalogueFolders: [folder],
        pluginFolders: [],
        // Nothing that this process writes outlives it.
        plugins: { 'local-diffusion': { options: { executionProviders: [provider], preparedBytes: 0 } } },
      },
    });
    const request = { prompt: 'a yellow star at night', model: model.name, seed: 7 };
    const { timings: first } = await manager.generateImage(request);
    const { timings } = await manager.generateImage(request);
    const { total = Number.NaN, network = Number.NaN } = timings;
    return {
      steps,
      loadS: (first.load ?? Number.NaN) / 1_000,
      totalS: total / 1_000,
      shareOutsideOfNetworks: 1 - network / total,
    };
  } finally {
    await rm(folder, { recursive: true, maxRetries: 10 });
  }
}
