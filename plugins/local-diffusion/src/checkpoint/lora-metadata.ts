import { z } from 'zod';
import { invalidFiles } from './invalid-files.js';
import { underscored } from './lora-names.js';
import { jsonPlace } from './read-file.js';

/** Keys of a PEFT `LoraConfig` (peft/tuners/lora/config.py) that scale what a LoRA adds. */
const schema = z.looseObject({
  lora_alpha: z.number().optional(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  use_rslora: z.boolean().optional(),
});
type Declared = z.output<typeof schema>;

/** What a LoRA's metadata say of its alphas, by the component. */
export type LoraMetadata = Readonly<Record<string, Declared>>;

/**
 * Reads what diffusers writes into a LoRA's metadata as `lora_adapter_metadata` (loaders/lora_base.py): the PEFT config of each component,
 * its keys behind the component's name.
 *
 * @param components those that it may speak of
 * @throws ERR_MODEL_FILES_INVALID when it is there and cannot be read: what the LoRA adds would be of the wrong strength
 */
export function readLoraMetadata(
  path: string,
  metadata: ReadonlyMap<string, string>,
  components: readonly string[],
): LoraMetadata {
  const text = metadata.get('lora_adapter_metadata');
  if (text === undefined) return {};
  try {
    const all = Object.entries(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
    const configs = components.map((component) => {
      const prefix = `${component}.`;
      const own = all.filter(([key]) => key.startsWith(prefix));
      return [
        component,
        schema.parse(Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value]))),
      ];
    });
    return Object.fromEntries(configs) as LoraMetadata;
  } catch (cause) {
    throw invalidFiles(
      `${path}: the metadata "lora_adapter_metadata" ${cause instanceof z.ZodError ? `cannot be read: ${z.prettifyError(cause)}` : `cannot be read: it is not JSON${jsonPlace(cause)}`}.`,
      undefined,
      cause,
    );
  }
}

/** alpha / rank of a layer whose file has no alpha: as the metadata say, or else 1. With `use_rslora` it is alpha / sqrt(rank). */
export function declaredAlpha(
  metadata: LoraMetadata,
  component: string,
  module: string,
  rank: number,
): number {
  const { lora_alpha, alpha_pattern, use_rslora = false } = metadata[component] ?? {};
  const pattern = Object.entries(alpha_pattern ?? {}).find(([name]) =>
    `_${module}`.endsWith(`_${underscored(name)}`),
  );
  const alpha = pattern?.[1] ?? lora_alpha;
  if (alpha === undefined) return 1;
  return alpha / (use_rslora ? Math.sqrt(rank) : rank);
}
