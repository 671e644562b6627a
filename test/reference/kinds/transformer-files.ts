import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { openModel } from '../../../plugins/local-diffusion/src/models/open-model.js';
import { generatePictures } from '../../../plugins/local-diffusion/src/pipelines/generate-pictures.js';
import type { CaseOutcome, ReferenceCase } from '../case.js';
import { openCaseModel } from '../case-model.js';
import { pipelineCaseSchema, requestOf } from '../pipeline-case.js';
import { readTensors } from '../tensors.js';
import { pictureOutcome } from './picture-outcome.js';

/** Of each folder of files, whose weights they have, which case of that pipeline they are held to, and which files they are. */
const sets: Readonly<Record<string, { base: string; expected: string; id: string; files: RegExp }>> = {
  flux: { base: 'flux_pipeline', expected: 'flux_pipeline_expected', id: 't0', files: /^flux1-dev/ },
  chroma: { base: 'chroma_pipeline', expected: 'chroma_pipeline_expected', id: 'bt0', files: /^chroma/ },
  zimage: { base: 'zimage_pipeline', expected: 'zimage_pipeline_expected', id: 't0', files: /^z_image/ },
  zimage_flux2_extra: {
    ...{ base: 'zimage_pipeline', expected: 'zimage_pipeline_expected', id: 't0' },
    files: /^z_image/,
  },
  sd35: { base: 'sd35_variants', expected: 'sd35_variants_expected', id: 't0', files: /^sd3/ },
};

/** Files of a transformer, with and without the other parts of its model: an image of each. */
export async function transformerFileCases(folder: string): Promise<ReferenceCase[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.endsWith('_expected'));
  const cases = names.map(async ({ name }): Promise<ReferenceCase[]> => {
    const set = sets[name];
    if (!set) return [{ id: name, run: async () => ({ status: 'not-built', detail: 'no family reads it' }) }];
    const files = (await readdir(join(folder, name))).filter((file) => set.files.test(file));
    return files.map((file) => ({
      id: `${name}/${file}`,
      run: () => compare(join(folder, name, file), set),
    }));
  });
  return (await Promise.all(cases)).flat();
}

const casesSchema = z.looseObject({ cases: z.array(z.looseObject({ id: z.string() })) });

async function compare(path: string, { base, expected, id }: (typeof sets)[string]): Promise<CaseOutcome> {
  const setFolder = dirname(dirname(dirname(path)));
  const pipelines = join(setFolder, 'd_pipelines');
  const text = await readFile(join(pipelines, expected, 'cases.json'), 'utf8');
  const wanted = pipelineCaseSchema.parse(
    casesSchema.parse(JSON.parse(text)).cases.find((each) => each.id === id),
  );
  // Its configs and tokenizers, which shapes this small do not tell, and T5 where the file has none.
  const configs = await openCaseModel(join(pipelines, base), setFolder, wanted.components);
  const model = await openModel({ path }, { configFolder: configs.path });
  try {
    const { planes } = await generatePictures(model, requestOf(wanted, new Map(), model));
    const tensors = await readTensors(join(pipelines, expected, 'expected.safetensors'));
    return pictureOutcome(planes, tensors.get(`${id}.image_u8`));
  } finally {
    await model.release();
    await configs.dispose();
  }
}
