import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { invalidFiles } from './invalid-files.js';
import { underscored } from './lora-names.js';
import { jsonPlace, readJson } from './read-file.js';

/** Keys of PEFT's configs (peft/tuners/lora/config.py, loha, lokr) that scale what a LoRA adds. */
const schema = z.looseObject({
  lora_alpha: z.number().optional(),
  /** Of LoHa and LoKr. */
  alpha: z.number().optional(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  use_rslora: z.boolean().nullish(),
});
type Declared = z.output<typeof schema>;

/** What is said beside a LoRA's tensors of its alphas. */
export interface LoraDeclarations {
  readonly byComponent: Readonly<Record<string, Declared>>;
  /** Those that were read. */
  readonly files: readonly string[];
}

/**
 * Reads what is said of a LoRA's alphas that are not in its tensors: diffusers' metadata
 * `lora_adapter_metadata` (loaders/lora_base.py), the PEFT config of each component with its keys behind the
 * component's name; or else `adapter_config.json` beside a file of PEFT's.
 *
 * @param from `components` are those that it may speak of; `isPeft` tells that the file has the names of PEFT
 * @throws ERR_MODEL_FILES_INVALID when it is there and cannot be read: what the LoRA adds would be of the
 * wrong strength
 */
export async function readLoraDeclarations(
  path: string,
  from: {
    readonly metadata: ReadonlyMap<string, string>;
    readonly components: readonly string[];
    readonly isPeft: boolean;
  },
): Promise<LoraDeclarations> {
  const text = from.metadata.get('lora_adapter_metadata');
  if (text !== undefined) return { byComponent: readMetadata(path, text, from.components), files: [] };
  const config = join(dirname(path), 'adapter_config.json');
  const exists = await access(config).then(
    () => true,
    () => false,
  );
  if (!from.isPeft || !exists) return { byComponent: {}, files: [] };
  const declared = schema.safeParse(await readJson(config));
  if (!declared.success) throw invalidFiles(`${config} cannot be read: ${z.prettifyError(declared.error)}.`);
  const entries = from.components.map((component) => [component, declared.data] as const);
  return { byComponent: Object.fromEntries(entries), files: [config] };
}

function readMetadata(path: string, text: string, components: readonly string[]): Record<string, Declared> {
  try {
    const all = Object.entries(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
    const configs = components.map((component) => {
      const prefix = `${component}.`;
      const own = all.filter(([key]) => key.startsWith(prefix));
      const keys = own.map(([key, value]) => [key.slice(prefix.length), value] as const);
      return [component, schema.parse(Object.fromEntries(keys))] as const;
    });
    return Object.fromEntries(configs);
  } catch (cause) {
    throw invalidFiles(
      `${path}: the metadata "lora_adapter_metadata" ${cause instanceof z.ZodError ? `cannot be read: ${z.prettifyError(cause)}` : `cannot be read: it is not JSON${jsonPlace(cause)}`}.`,
      undefined,
      cause,
    );
  }
}

/**
 * alpha / rank of a layer whose file has no alpha: as is declared, or else 1. With `use_rslora` it is alpha /
 * sqrt(rank).
 *
 * @param layer `module` is its path with underscores for dots, `name` what the file calls it
 */
export function declaredFactor(
  { byComponent }: Pick<LoraDeclarations, 'byComponent'>,
  component: string,
  layer: { readonly module: string; readonly name: string; readonly rank: number },
): number {
  const { lora_alpha, alpha: other, alpha_pattern, use_rslora } = byComponent[component] ?? {};
  const pattern = Object.entries(alpha_pattern ?? {}).find(([key]) => isOf(key, layer));
  const alpha = pattern?.[1] ?? lora_alpha ?? other;
  if (alpha === undefined) return 1;
  return alpha / (use_rslora ? Math.sqrt(layer.rank) : layer.rank);
}

/** PEFT's keys are regular expressions that the end of a layer's path has to match (`get_pattern_key`). */
function isOf(key: string, { module, name }: { readonly module: string; readonly name: string }): boolean {
  if (`_${module}`.endsWith(`_${underscored(key)}`)) return true;
  try {
    return new RegExp(`^(.*\\.)?(${key})$`).test(name);
  } catch {
    return false;
  }
}
