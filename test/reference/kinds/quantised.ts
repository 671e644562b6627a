import { readdir, readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { openModel } from '../../../plugins/local-diffusion/src/models/open-model.js';
import { generatePictures } from '../../../plugins/local-diffusion/src/pipelines/generate-pictures.js';
import type { CaseOutcome, ReferenceCase, ReferenceKind } from '../case.js';
import { pipelineCaseSchema, requestOf } from '../pipeline-case.js';
import { readTensors } from '../tensors.js';
import { pictureOutcome } from './picture-outcome.js';

const casesSchema = z.looseObject({
  image_args: z.record(z.string(), z.unknown()).optional(),
  image_seed: z.coerce.number().optional(),
  files: z.array(z.looseObject({ file: z.string(), id: z.string() })),
});
type Cases = z.output<typeof casesSchema>;

/** Checkpoints whose weights are quantised: an image of each that a kind of file is read of. */
export const quantised: ReferenceKind = {
  folder: 'i_quantised',
  async cases(folder) {
    const names = (await readdir(join(folder, 'models'))).sort();
    return (await Promise.all(names.map((name) => casesOf(join(folder, 'models', name), name)))).flat();
  },
};

async function casesOf(folder: string, name: string): Promise<ReferenceCase[]> {
  const cases = casesSchema.parse(JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')));
  return cases.files.map(({ file, id }) => ({
    id: `${name}/${file}`,
    async run() {
      const isRead = name === 'flux' && extname(file) === '.safetensors';
      if (!isRead) return { status: 'not-built', detail: `${extname(file) || 'a folder'} of ${name}` };
      const refusal = /not supported yet/;
      try {
        return await compare(folder, file, id, cases);
      } catch (error) {
        if (!(error instanceof Error) || !refusal.test(error.message)) throw error;
        return { status: 'not-built', detail: error.message };
      }
    },
  }));
}

/** Everything but the transformer comes from the pipeline's folder. */
async function compare(
  folder: string,
  file: string,
  id: string,
  { image_args: args, image_seed: seeds }: Cases,
): Promise<CaseOutcome> {
  const base = join(dirname(dirname(dirname(folder))), 'd_pipelines/flux_pipeline');
  const wanted = pipelineCaseSchema.parse({
    ...{ id, kind: 'txt2img', pipeline: 'FluxPipeline', seeds, args },
  });
  const model = await openModel({ path: join(folder, file) }, { configFolder: base });
  try {
    const { planes } = await generatePictures(model, requestOf(wanted, new Map(), model));
    const expected = await readTensors(join(folder, 'expected.safetensors'), (key) =>
      key.startsWith(`${id}.`),
    );
    return pictureOutcome(planes, expected.get(`${id}.image_u8`));
  } finally {
    await model.release();
  }
}
