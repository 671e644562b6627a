import { readdir, readFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { openModel } from '../../../../plugins/local-diffusion/src/models/open-model.js';
import { generatePictures } from '../../../../plugins/local-diffusion/src/pipelines/generate-pictures.js';
import type { CaseOutcome, ReferenceCase } from '../../case.js';
import { pipelineCaseSchema, requestOf } from '../../pipeline-case.js';
import { readTensors } from '../../tensors.js';
import { pictureOutcome } from '../picture-outcome.js';
import { compareNetwork, networks } from './network-cases.js';

const casesSchema = z.looseObject({
  image_args: z.record(z.string(), z.unknown()).optional(),
  image_seed: z.coerce.number().optional(),
  config: z.unknown().optional(),
  base: z.string().optional(),
  files: z.array(z.looseObject({ file: z.string(), id: z.string(), config: z.unknown().optional() })),
});
type Cases = z.output<typeof casesSchema>;

/** Of each folder, the pipeline that has what its files lack. */
const pipelines: Readonly<Record<string, { readonly base: string; readonly pipeline: string }>> = {
  flux: { base: 'flux_pipeline', pipeline: 'FluxPipeline' },
  sd15: { base: 'sd_pipeline', pipeline: 'StableDiffusionPipeline' },
  sdxl: { base: 'sdxl_pipeline', pipeline: 'StableDiffusionXLPipeline' },
};

/** Whole checkpoints: an image of each that there is a pipeline for. */
export async function modelCases(folder: string): Promise<ReferenceCase[]> {
  const names = (await readdir(folder)).sort();
  return (await Promise.all(names.map((name) => casesOf(join(folder, name), name)))).flat();
}

async function casesOf(folder: string, name: string): Promise<ReferenceCase[]> {
  const cases = casesSchema.parse(JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')));
  return cases.files.flatMap(({ file, id, config }) => {
    const path = join(folder, file);
    const pipeline = pipelines[name];
    const network = {
      id: `models/${name}/${file} as a network`,
      run: () => compareNetwork(path, id, name, config ?? cases.config, cases.base),
    };
    const image = {
      id: `models/${name}/${file} as an image`,
      run: () => compareImage(folder, file, id, cases, pipeline!),
    };
    const other = {
      id: `models/${name}/${file}`,
      run: async (): Promise<CaseOutcome> => ({ status: 'not-built', detail: 'no family reads it' }),
    };
    const made = [...(networks[name] ? [network] : []), ...(pipeline && extname(file) ? [image] : [])];
    return made.length > 0 ? made : [other];
  });
}

/** Everything but what the file has comes from the pipeline's folder. */
async function compareImage(
  folder: string,
  file: string,
  id: string,
  { image_args: args, image_seed: seeds }: Cases,
  { base, pipeline }: (typeof pipelines)[string],
): Promise<CaseOutcome> {
  const configFolder = join(dirname(dirname(dirname(folder))), 'd_pipelines', base);
  const wanted = pipelineCaseSchema.parse({ id, kind: 'txt2img', pipeline, seeds, args });
  const model = await openModel({ path: join(folder, file) }, { configFolder });
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
