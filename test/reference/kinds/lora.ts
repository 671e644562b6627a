import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { applyLoras } from '../../../plugins/local-diffusion/src/checkpoint/apply-loras.js';
import { openComponent } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { openLora } from '../../../plugins/local-diffusion/src/checkpoint/lora.js';
import { readJson } from '../../../plugins/local-diffusion/src/checkpoint/read-file.js';
import { unetAndClipTargets } from '../../../plugins/local-diffusion/src/families/components/lora-targets.js';
import { loraScalesInput } from '../../../plugins/local-diffusion/src/graph/blocks/low-rank.js';
import { unetGraph } from '../../../plugins/local-diffusion/src/networks/unet/unet.js';
import { largestError } from '../arrays.js';
import type { CaseOutcome, ReferenceCase, ReferenceKind } from '../case.js';
import { encodeText } from '../encode-text.js';
import { runGraph } from '../run-graph.js';
import { readTensors, type TensorValues } from '../tensors.js';
import { compareFamilyLora } from './lora-family.js';
import { compareLoraPicture } from './lora-picture.js';
import { compareTransformerLora, type LoraRun } from './lora-transformer.js';
import { pipelineCases } from './pipelines.js';

const tolerance = 1e-4;

const indexSchema = z.looseObject({ _class_name: z.string() });
const ioSchema = z.looseObject({
  same_as: z.string().optional(),
  base: z.string().optional(),
  cases: z
    .array(
      z.looseObject({
        id: z.string(),
        note: z.string(),
        outputs: z.record(z.string(), z.unknown()),
        scalars: z.record(z.string(), z.unknown()).default({}),
      }),
    )
    .default([]),
  image: z.unknown().optional(),
});
type IoCase = z.output<typeof ioSchema>['cases'][number];
type Io = z.output<typeof ioSchema> & { readonly tensorFile: string };

/**
 * LoRAs over the networks of a folder, at several weights: `<name>.safetensors` and what came of it in
 * `<name>_expected/`.
 */
export const lora: ReferenceKind = {
  folder: 'g_lora',
  async cases(folder) {
    const names = (await readdir(folder)).filter((name) => name.endsWith('_expected')).sort();
    return (await Promise.all(names.map((name) => casesOf(folder, name.replace(/_expected$/, ''))))).flat();
  },
};

async function casesOf(folder: string, name: string): Promise<ReferenceCase[]> {
  const expected = join(folder, `${name}_expected`);
  // A folder of pictures alone is of the LoRA that its name begins with.
  if (!(await exists(join(expected, 'io.json')))) {
    const io = await readIo(join(folder, `${name.replace(/_picture$/, '')}_expected`, 'io.json'));
    return await pipelineCases(expected, join(dirname(folder), io.base ?? ''), name);
  }
  const io = await readIo(join(expected, 'io.json'));
  io.base ??= bases.find(([prefix]) => name.startsWith(prefix))?.[1];
  const base = join(dirname(folder), io.base ?? '');
  const unread = io.base === undefined ? 'the case names no base model' : await unreadBase(base);
  const networks = io.cases.map((given) => ({
    id: `${name}/${given.id}`,
    run: async (): Promise<CaseOutcome> => {
      if (unread !== undefined) return { status: 'not-built', detail: unread };
      return await comparisonOf(base)(base, join(folder, `${name}.safetensors`), io.tensorFile, {
        ...given,
        scale: scaleOf(given),
      });
    },
  }));
  const image = () => compareLoraPicture(base, join(folder, `${name}.safetensors`), io.image, io.tensorFile);
  const pictures = join(expected, 'picture');
  return [
    ...networks,
    ...(io.image === undefined ? [] : [{ id: `${name}/image`, run: image }]),
    ...((await exists(pictures)) ? await pipelineCases(pictures, base, name) : []),
  ];
}

/** The base models of LoRAs that name none, by how their files are called. */
const bases = [
  ['zimage_', 'd_pipelines/zimage_pipeline'],
  ['flux2_', 'd_pipelines/flux2_klein_pipeline'],
  ['qwen_', 'd_pipelines/qwen_image_pipeline'],
] as const;

/** FLUX.1's change its text encoder, too; those of other transformers change nothing else. */
function comparisonOf(base: string) {
  if (base.endsWith('flux_pipeline')) return compareTransformerLora;
  return /(zimage|flux2_klein|qwen_image)_pipeline$/.test(base) ? compareFamilyLora : compare;
}

/** Why the networks of a base model are not compared; undefined where they are. */
async function unreadBase(base: string): Promise<string | undefined> {
  if (await exists(join(base, 'unet'))) return undefined;
  const { _class_name: pipeline } = indexSchema.parse(await readJson(join(base, 'model_index.json')));
  return /^(Flux|ZImage|Flux2Klein|QwenImage)Pipeline$/.test(pipeline) ? undefined : `LoRAs of a ${pipeline}`;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function readIo(file: string): Promise<Io> {
  const io = ioSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  if (io.same_as !== undefined) return readIo(join(dirname(file), io.same_as));
  return { ...io, tensorFile: file.replace(/\.json$/, '.safetensors') };
}

/** A number of its own, `scale 0.6`, or `no lora`: a LoRA of weight 0. */
const scaleOf = ({ note, scalars }: IoCase): number =>
  z.number().nullish().parse(scalars.lora_scale) ?? Number(/scale ([\d.]+)/.exec(note)?.[1] ?? 0);

async function compare(
  base: string,
  loraFile: string,
  tensorFile: string,
  { id, outputs, scale }: LoraRun,
): Promise<CaseOutcome> {
  const wanted = Object.keys(outputs);
  const tensors = await readTensors(tensorFile, (tensor) => tensor.startsWith(`${id}.`));
  const input = (key: string): TensorValues | undefined => tensors.get(`${id}.in.${key}`);
  const components = applyLoras(
    {
      unet: await openComponent(join(base, 'unet')),
      text_encoder: await openComponent(join(base, 'text_encoder')),
      text_encoder_2: input('input_ids_2') && (await openComponent(join(base, 'text_encoder_2'))),
    },
    [await openLora(loraFile, unetAndClipTargets)],
    { titleOfLora: () => undefined, model: undefined, warn: () => undefined },
  );
  const scales: TensorValues = { shape: [1], data: Float32Array.of(scale) };
  const inputs = [...tensors].map(([key, values]) => [key.replace(`${id}.in.`, ''), values] as const);
  const results = new Map([
    ...(await runGraph(unetGraph(components.unet), new Map([...inputs, [loraScalesInput, scales]]))),
    ...(await encodeText('te', components.text_encoder, input('input_ids'), scales)),
    ...(await encodeText('te2', components.text_encoder_2, input('input_ids_2'), scales)),
  ]);
  const errors = wanted.map((key) => {
    const expected = tensors.get(`${id}.out.${key}`)?.data as Float32Array;
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return largestError(results.get(key) ?? [], expected, 'absolute') / largest;
  });
  const worst = Math.max(...errors);
  const detail = `weight ${scale}: largest error ${worst.toExponential(1)} of the largest value, ${wanted.length} outputs`;
  return { status: worst <= tolerance ? 'passed' : 'failed', detail };
}
