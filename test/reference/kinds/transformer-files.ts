import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { openComponent } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { readTensorFile } from '../../../plugins/local-diffusion/src/checkpoint/tensor-file.js';
import { wanAutoencoderOf } from '../../../plugins/local-diffusion/src/families/qwen-image/original-vae-names.js';
import { openModel } from '../../../plugins/local-diffusion/src/models/open-model.js';
import { generatePictures } from '../../../plugins/local-diffusion/src/pipelines/generate-pictures.js';
import { largestError } from '../arrays.js';
import type { CaseOutcome, ReferenceCase } from '../case.js';
import { openCaseModel } from '../case-model.js';
import { networkRuns } from '../network-runs.js';
import { pipelineCaseSchema, requestOf } from '../pipeline-case.js';
import { readTensors } from '../tensors.js';
import { pictureOutcome } from './picture-outcome.js';

interface FileSet {
  readonly folder: string;
  readonly base: string;
  readonly expected: string;
  readonly id: string;
  readonly files: RegExp;
}

const ofPipeline = (folder: string, base: string, files: RegExp, id = 't0'): FileSet => ({
  ...{ folder, base, files, id },
  expected: `${base}_expected`,
});

/**
 * Of each folder of files, whose weights they have, which case of that pipeline they are held to, and which
 * files they are.
 */
const sets: readonly FileSet[] = [
  ofPipeline('flux', 'flux_pipeline', /^flux1-dev/),
  ofPipeline('chroma', 'chroma_pipeline', /^chroma/, 'bt0'),
  ofPipeline('zimage', 'zimage_pipeline', /^z_image/),
  ofPipeline('zimage_flux2_extra', 'zimage_pipeline', /^z_image/),
  ofPipeline('flux2', 'flux2_klein_pipeline', /^flux-2-klein/),
  ofPipeline('zimage_flux2_extra', 'flux2_klein_pipeline', /^flux-2-klein/),
  ofPipeline('sd35', 'sd35_variants', /^sd3/),
];

/** Files of a transformer, with and without the other parts of its model: an image of each. */
export async function transformerFileCases(folder: string): Promise<ReferenceCase[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.endsWith('_expected'));
  const cases = names.map(async ({ name }): Promise<ReferenceCase[]> => {
    if (name === 'qwen_image') {
      const path = join(folder, name, 'qwen_image_vae.safetensors');
      return [{ id: `${name}/qwen_image_vae.safetensors`, run: () => wanAutoencoder(path) }];
    }
    const own = sets.filter((set) => set.folder === name);
    if (own.length === 0)
      return [{ id: name, run: async () => ({ status: 'not-built', detail: 'no family reads it' }) }];
    const files = await readdir(join(folder, name));
    return own.flatMap((set) =>
      files
        .filter((file) => set.files.test(file))
        .map((file) => ({ id: `${name}/${file}`, run: () => compare(join(folder, name, file), set) })),
    );
  });
  return (await Promise.all(cases)).flat();
}

/** Wan's names of the autoencoder, whose numbers are those of a folder. */
async function wanAutoencoder(path: string): Promise<CaseOutcome> {
  const folder = join(dirname(dirname(dirname(path))), 'd_pipelines/qwen_image_pipeline/vae');
  const given = await openComponent(folder);
  const opened = { ...given, tensors: wanAutoencoderOf((await readTensorFile(path)).tensors) };
  const stray = [...given.tensors.keys()].filter((name) => !opened.tensors.has(name));
  if (stray.length > 0) return { status: 'failed', detail: `missing: ${stray.slice(0, 5)}` };
  const tensors = await readTensors(
    path.replace(/f_single_file.*/, 'c_models/vae_qwen_image/io.safetensors'),
  );
  const inputs = new Map(['image', 'latent'].map((name) => [name, tensors.get(`c0.in.${name}`)!] as const));
  const made = await networkRuns.AutoencoderKLQwenImage!(opened, [], { inputs, scalars: {} });
  const errors = ['moments', 'decoded'].map((name) =>
    largestError(made.get(name)!, tensors.get(`c0.out.${name}`)!.data as Float32Array, 'absolute'),
  );
  const worst = Math.max(...errors);
  return { status: worst <= 1e-4 ? 'passed' : 'failed', detail: `off by ${worst.toExponential(1)}` };
}

const casesSchema = z.looseObject({ cases: z.array(z.looseObject({ id: z.string() })) });

async function compare(path: string, { base, expected, id }: FileSet): Promise<CaseOutcome> {
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
