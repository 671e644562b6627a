import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReferenceCase, ReferenceKind } from '../case.js';
import { blockTypeCases } from './quantised/block-types.js';
import { ggufContainerCases } from './quantised/gguf-container.js';
import { layerCases } from './quantised/layers.js';
import { modelCases } from './quantised/models.js';

/** By sub-folder. */
const parts: Readonly<Record<string, (folder: string) => Promise<ReferenceCase[]>>> = {
  gguf_container: ggufContainerCases,
  gguf_types: blockTypeCases,
  models: modelCases,
  safetensors_types: layerCases,
};

/**
 * Checkpoints whose weights are quantised: their containers, the numbers of each type, networks and images.
 */
export const quantised: ReferenceKind = {
  folder: 'i_quantised',
  async cases(folder) {
    const cases = Object.entries(parts).map(async ([name, read]) => {
      const isThere = await access(join(folder, name)).then(
        () => true,
        () => false,
      );
      return isThere ? await read(join(folder, name)) : [];
    });
    return (await Promise.all(cases)).flat().map(refusalsAsNotBuilt);
  },
};

const refusalsAsNotBuilt = ({ id, run }: ReferenceCase): ReferenceCase => ({
  id,
  async run() {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Error) || !/ is not supported\./.test(error.message)) throw error;
      return { status: 'not-built', detail: error.message };
    }
  },
});
