import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type Component, openComponent } from '../../../plugins/local-diffusion/src/checkpoint/component.js';
import { GraphBuilder } from '../../../plugins/local-diffusion/src/graph/builder.js';
import { openModel } from '../../../plugins/local-diffusion/src/models/open-model.js';
import { readSingleFile } from '../../../plugins/local-diffusion/src/models/read-single-file.js';
import { generatePictures } from '../../../plugins/local-diffusion/src/pipelines/generate-pictures.js';
import { largestError } from '../arrays.js';
import type { CaseOutcome, ReferenceCase, ReferenceKind } from '../case.js';
import { networkRuns } from '../network-runs.js';
import { pipelineCaseSchema, requestOf } from '../pipeline-case.js';
import { runGraph } from '../run-graph.js';
import { readTensors, type TensorValues } from '../tensors.js';
import { pictureOutcome } from './picture-outcome.js';
import { transformerFileCases } from './transformer-files.js';

const keymapSchema = z.looseObject({
  /** [original name, diffusers' name or names, what happened to the values]. */
  components: z.record(
    z.string(),
    z.array(z.tuple([z.string(), z.union([z.string(), z.array(z.string())]), z.string()])),
  ),
  configs: z.string().optional(),
});
type Entries = z.output<typeof keymapSchema>['components'][string];

const toleranceOfNetworks = 1e-4;

/** Checkpoints in one file, tensor by tensor and network by network. */
export const singleFile: ReferenceKind = {
  folder: 'f_single_file',
  async cases(folder) {
    const names = (await readdir(folder)).filter((file) => file.endsWith('_keymap.json')).sort();
    const own = await Promise.all(names.map((file) => casesOf(folder, file.replace('_keymap.json', ''))));
    return [...own.flat(), ...(await transformerFileCases(folder))];
  },
};

async function casesOf(folder: string, name: string): Promise<ReferenceCase[]> {
  const text = await readFile(join(folder, `${name}_keymap.json`), 'utf8');
  const { components, configs } = keymapSchema.parse(JSON.parse(text));
  const expected = join(folder, `${name}_expected`);
  // `d_pipelines/sd_pipeline/*/config.json`: the same weights as a folder.
  const twin = configs === undefined ? undefined : join(dirname(folder), dirname(dirname(configs)));
  const open = async (component: string) => {
    const path = join(folder, `${name}_single.safetensors`);
    const { components: opened } = await readSingleFile(path, { configFolder: twin ?? expected });
    const found = opened[component];
    if (!found) throw new Error(`the file was opened without its ${component}`);
    return { path, component: found };
  };
  const picture = {
    id: `${name}/picture`,
    run: () => comparePicture(join(folder, `${name}_single.safetensors`), twin!),
  };
  const networks = Object.entries(components).flatMap(([component, entries]) => [
    {
      id: `${name}/${component}/tensors`,
      run: async () => {
        const { path, component: found } = await open(component);
        return compareTensors(path, found, entries, twin && join(twin, component));
      },
    },
    {
      id: `${name}/${component}/network`,
      run: async () => {
        const { component: found } = await open(component);
        return twin === undefined
          ? compareWithReference(found, join(expected, component))
          : compareWithTwin(found, await openComponent(join(twin, component)));
      },
    },
  ]);
  return twin === undefined ? networks : [...networks, picture];
}

/** The first picture of the folder with the same weights, made of the single file. */
async function comparePicture(path: string, twin: string): Promise<CaseOutcome> {
  const { cases } = JSON.parse(await readFile(join(`${twin}_expected`, 'cases.json'), 'utf8')) as {
    cases: { kind: string }[];
  };
  const wanted = pipelineCaseSchema.parse(cases.find(({ kind }) => kind === 'txt2img'));
  const tensors = await readTensors(join(`${twin}_expected`, 'expected.safetensors'), (name) =>
    name.startsWith(`${wanted.id}.`),
  );
  const model = await openModel({ path }, { configFolder: twin });
  try {
    const { planes } = await generatePictures(model, requestOf(wanted, new Map(), model));
    return pictureOutcome(planes, tensors.get(`${wanted.id}.image_u8`));
  } finally {
    await model.release();
  }
}

/**
 * What a graph sees of every tensor, against the values that the file holds under the original names, and
 * those of the folder.
 */
async function compareTensors(
  path: string,
  component: Component,
  entries: Entries,
  twinFolder: string | undefined,
): Promise<CaseOutcome> {
  const used = new Set(entries.map(([from]) => from));
  const original = await readTensors(path, (name) => used.has(name));
  const expected = new Map<string, Float32Array>();
  for (const [from, to, transform] of entries) {
    const values = original.get(from);
    if (!values) return { status: 'failed', detail: `the file has no ${from}` };
    for (const [index, key] of [to].flat().entries()) {
      expected.set(key, transformed(values, transform, index, [to].flat().length));
    }
  }
  const stray = [...component.tensors.keys()].filter((key) => !expected.has(key));
  const missing = [...expected.keys()].filter((key) => !component.tensors.has(key));
  if (stray.length > 0 || missing.length > 0) {
    return {
      status: 'failed',
      detail: `missing: ${missing.slice(0, 5)}; not in the keymap: ${stray.slice(0, 5)}`,
    };
  }
  const seen = await seenByGraph(component);
  const twin = twinFolder === undefined ? undefined : await seenByGraph(await openComponent(twinFolder));
  const wrong = [...expected].filter(
    ([key, values]) =>
      largestError(seen.get(key)!, values) !== 0 ||
      (twin && largestError(seen.get(key)!, twin.get(key)!) !== 0),
  );
  return wrong.length > 0
    ? { status: 'failed', detail: `${wrong.length} tensors differ: ${wrong.slice(0, 5).map(([key]) => key)}` }
    : {
        status: 'passed',
        detail: `${expected.size} tensors equal to the bit${twin ? ', in the folder as well' : ''}`,
      };
}

function transformed(
  { shape, data }: TensorValues,
  transform: string,
  index: number,
  parts: number,
): Float32Array {
  const values = data as Float32Array;
  if (parts > 1)
    return values.subarray((index * values.length) / parts, ((index + 1) * values.length) / parts);
  if (transform !== 'transposed') return values;
  const [rows = 0, columns = 0] = shape;
  return values.map((_, place) => values[(place % rows) * columns + Math.floor(place / rows)]!);
}

/** Every tensor of a component, mounted as the networks mount them. */
async function seenByGraph(component: Component): Promise<Map<string, Float32Array>> {
  const graph = new GraphBuilder(component);
  for (const [name, { shape, dtype }] of component.tensors) {
    if (dtype === 'I64') continue;
    graph.output(`seen ${name}`, graph.mount(name, shape));
  }
  const results = await runGraph(graph.finish(), new Map());
  return new Map([...results].map(([name, values]) => [name.slice('seen '.length), values]));
}

/** A network of the single file against the same network of the folder. */
async function compareWithTwin(component: Component, twin: Component): Promise<CaseOutcome> {
  const run = networkRuns[classOf(component)]!;
  const given = { inputs: inputsOf(component), scalars: {} };
  const [actual, expected] = [await run(component, [], given), await run(twin, [], given)];
  const error = Math.max(
    ...[...expected].map(([name, values]) => largestError(actual.get(name) ?? [], values)),
  );
  return judge(error, 0, `${expected.size} outputs, largest difference from the folder`);
}

/** A network against the inputs and outputs of `io.json`. */
async function compareWithReference(component: Component, folder: string): Promise<CaseOutcome> {
  const io = JSON.parse(await readFile(join(folder, 'io.json'), 'utf8')) as {
    cases: { id: string; outputs: Record<string, number[]> }[];
  };
  const tensors = await readTensors(join(folder, 'io.safetensors'));
  let worst = 0;
  for (const { id, outputs } of io.cases) {
    const prefix = `${id}.in.`;
    const own = [...tensors].filter(([name]) => name.startsWith(prefix));
    const inputs = new Map(own.map(([name, values]) => [name.slice(prefix.length), values]));
    const wanted = Object.keys(outputs);
    const results = await networkRuns[classOf(component)]!(component, wanted, { inputs, scalars: {} });
    for (const name of wanted) {
      const expected = tensors.get(`${id}.out.${name}`)!.data as Float32Array;
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      worst = Math.max(worst, largestError(results.get(name) ?? [], expected, 'absolute') / largest);
    }
  }
  return judge(
    worst,
    toleranceOfNetworks,
    `${io.cases.length} cases, largest error as a share of the largest value`,
  );
}

const judge = (error: number, tolerance: number, what: string): CaseOutcome => ({
  status: error <= tolerance ? 'passed' : 'failed',
  detail: `${what} ${error.toExponential(1)}`,
});

const configSchema = z.looseObject({
  _class_name: z.string().optional(),
  architectures: z.array(z.string()).optional(),
  cross_attention_dim: z.number().optional(),
  addition_time_embed_dim: z.number().nullish(),
  projection_class_embeddings_input_dim: z.number().nullish(),
});

function classOf({ config }: Component): string {
  const { _class_name, architectures } = configSchema.parse(config);
  return _class_name ?? architectures?.[0] ?? 'CLIPTextModel';
}

/** Some inputs of the right shapes for every network there is; each takes those that it knows. */
function inputsOf({ config }: Component): Map<string, TensorValues> {
  const { cross_attention_dim, addition_time_embed_dim, projection_class_embeddings_input_dim } =
    configSchema.parse(config);
  const pooled = (projection_class_embeddings_input_dim ?? 0) - 6 * (addition_time_embed_dim ?? 0);
  return new Map<string, TensorValues>([
    ['sample', wave([1, 4, 8, 8])],
    ['timestep', { shape: [1], data: Float32Array.of(481) }],
    ['encoder_hidden_states', wave([1, 7, cross_attention_dim ?? 1])],
    ['text_embeds', wave([1, pooled])],
    ['time_ids', wave([1, 6])],
    ['input_ids', { shape: [1, 6], data: BigInt64Array.of(3n, 17n, 42n, 256n, 399n, 8n) }],
    ['image', wave([1, 3, 32, 32])],
    ['latent', wave([1, 4, 4, 4])],
  ]);
}

const wave = (shape: readonly number[]): TensorValues => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => Math.sin(0.37 * index)),
});
