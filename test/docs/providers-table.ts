/**
 * The tables of docs/providers.md, out of the manifests and the catalogue.
 *
 * @module
 */
import { readdir, readFile } from 'node:fs/promises';
import { generatedFormats, type Manifest, type Model, manifestSchema, modelSchema } from '@easel/plugin-sdk';
import { fieldTableSchema } from '@easel/plugin-sdk/provider';
import { root } from './page.js';

export const begin = '<!-- providers:begin -->';
export const end = '<!-- providers:end -->';

const read = async (path: string): Promise<unknown> => JSON.parse(await readFile(`${root}${path}`, 'utf8'));

/** Of `supports`, with the name of a manifest's `cannot` where that may take it away. */
const abilities = [
  ['seed', 'seed', 'seed'],
  ['steps', 'steps', undefined],
  ['guidanceScale', 'guidance', undefined],
  ['negativePrompt', 'negative prompt', 'negative-prompt'],
  ['sampler', 'sampler', 'sampler'],
] as const;

/** A table for each plugin that has models of a provider in the catalogue. */
export async function providerTables(): Promise<string> {
  const files = (await readdir(`${root}models/catalogue`)).sort();
  const models = await Promise.all(
    files.map(async (file) => modelSchema.parse(await read(`models/catalogue/${file}`))),
  );
  const tables: string[] = [];
  for (const id of (await readdir(`${root}plugins`)).sort()) {
    const manifest = manifestSchema.parse(await read(`plugins/${id}/plugin.json`));
    const types = manifest.handles.map(({ type }) => type);
    const own = models.filter(
      ({ pipelineType, source }) => types.includes(pipelineType) && source.type === 'provider',
    );
    if (own.length > 0) tables.push(tableOf(manifest, own));
  }
  return tables.join('\n\n');
}

const tableOf = (manifest: Manifest, models: readonly Model[]): string =>
  [
    `### ${manifest.name ?? manifest.id}`,
    '',
    '| Model | Supported | Adapted | Dropped, with a warning | Refused |',
    '|---|---|---|---|---|',
    ...models.map((model) => rowOf(manifest, model)),
  ].join('\n');

function rowOf({ handles }: Manifest, { id, pipelineType, supports, options }: Model): string {
  const cannot = handles.find(({ type }) => type === pipelineType)?.cannot ?? [];
  const has = ([field, , ability]: (typeof abilities)[number]) =>
    supports[field] && !(ability !== undefined && cannot.includes(ability));
  const inputs = cannot.includes('input-images') ? 0 : supports.inputImages;
  const hasMask = supports.mask && !cannot.includes('mask');
  const supported = [
    ...abilities.filter(has).map(([, name]) => name),
    ...(inputs > 0 ? [inputs === 1 ? 'an input image' : `${inputs} input images`] : []),
    ...(hasMask ? ['mask'] : []),
    `up to ${supports.images} images`,
  ];
  const refused = [
    ...(inputs === 0 ? ['input images'] : []),
    ...(hasMask ? [] : ['mask']),
    `edges below ${supports.minimumEdge} and above ${supports.maximumEdge}`,
  ];
  const dropped = abilities.filter((ability) => !has(ability)).map(([, name]) => name);
  const cells = [`\`${id}\``, supported, adaptedBy(supports, options), dropped, refused];
  return `| ${cells.map((cell) => (typeof cell === 'string' ? cell : cell.join(', ') || '–')).join(' | ')} |`;
}

function adaptedBy({ edgeMultiple }: Model['supports'], { fields, ...options }: Model['options']): string[] {
  const table = fieldTableSchema.safeParse(fields ?? {}).data;
  const shapes = table?.size.kind === 'ratio' ? table.size.ratios : namesOf(options.aspectRatios);
  const sizes = namesOf(options.sizes);
  const size =
    shapes.length > 0
      ? [`size: the nearest of ${shapes.length} shapes`]
      : sizes.length > 0
        ? [`size: the nearest of ${sizes.length}`]
        : table?.size.kind === 'none'
          ? ["size: that of the input image, or the model's own"]
          : edgeMultiple > 1
            ? [`edges: multiples of ${edgeMultiple}`]
            : [];
  const formats = fields === undefined ? undefined : (table?.outputFormat?.formats ?? {});
  const converted = formats && generatedFormats.filter((format) => !(format in formats));
  return [...size, ...(converted && converted.length > 0 ? [`${converted.join(', ')}: converted here`] : [])];
}

const namesOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
