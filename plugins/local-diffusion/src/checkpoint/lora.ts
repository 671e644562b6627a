import { readFloats } from './float-values.js';
import { invalidFiles } from './invalid-files.js';
import type { LoraLayer } from './lora-layer.js';
import { declaredAlpha, readLoraMetadata } from './lora-metadata.js';
import { type LoraTarget, parseLoraName } from './lora-names.js';
import { readSafetensorsFile, type TensorLocation } from './safetensors.js';

/** A LoRA's change of one layer, which is not yet found in a model. */
export interface UnplacedLayer extends LoraLayer {
  readonly target: LoraTarget;
  /** See `LoraName.module`. */
  readonly module: string;
  /** For messages: what the file calls it. */
  readonly name: string;
}

/** An opened LoRA. `applyLoras` finds its layers in a model. */
export interface Lora {
  readonly file: string;
  readonly layers: readonly UnplacedLayer[];
}

/** Other ways to write a change of weights, by a name in them: products, bases and scales that two layers beside the layer do not compute. */
const otherKinds: readonly (readonly [RegExp, string])[] = [
  [/\.hada_w/, 'a LoHa'],
  [/\.lokr_w/, 'a LoKr'],
  [/dora_scale|lora_magnitude_vector/, 'a DoRA'],
  [/\.lora_mid\./, 'a LoCon in Tucker form'],
  [/\.(oft_|boft_)/, 'an OFT'],
  [/\.(diff|diff_b|w_norm|b_norm)$/, 'a LyCORIS with whole differences'],
  [/lora_embedding_[AB]/, 'a LoRA of an embedding'],
];

/**
 * Opens a LoRA: its header, and the alphas, which are a number a layer. The weights stay in the file.
 *
 * @param targets what it may change
 * @throws ERR_MODEL_FILES_INVALID when the file is damaged, a LoRA of a kind that is not supported, or none
 */
export async function openLora(path: string, targets: readonly LoraTarget[]): Promise<Lora> {
  const { tensors, metadata } = await readSafetensorsFile(path);
  const declared = readLoraMetadata(
    path,
    metadata,
    targets.map(({ component }) => component),
  );
  const layers: UnplacedLayer[] = [];
  for (const { target, module, name, down, up, alpha } of groups(path, tensors, targets)) {
    if (!down || !up) {
      throw invalidFiles(`${path}: the layer "${name}" has only one of the two matrices of a LoRA.`);
    }
    const rank = rankOf(path, name, down, up);
    const value = alpha ? (await readFloats(alpha))[0] : undefined;
    const factor =
      value === undefined ? declaredAlpha(declared, target.component, module, rank) : value / rank;
    if (!Number.isFinite(factor)) throw invalidFiles(`${path}: the alpha of "${name}" is ${value}.`);
    layers.push({ target, module, name, down, up, rank, factor });
  }
  if (layers.length === 0) throw invalidFiles(`${path} is no LoRA: it changes no layer.`);
  return { file: path, layers };
}

interface Group extends Partial<Record<'down' | 'up' | 'alpha', TensorLocation>> {
  readonly target: LoraTarget;
  readonly module: string;
  readonly name: string;
}

/** The tensors of the file by the layer that they change. */
function groups(
  path: string,
  tensors: ReadonlyMap<string, TensorLocation>,
  targets: readonly LoraTarget[],
): Iterable<Group> {
  const byLayer = new Map<string, Group>();
  for (const [name, location] of tensors) {
    const parsed = parseLoraName(name, targets);
    if (!parsed) throw notLora(path, name);
    const { target, module, part } = parsed;
    const key = `${target.component} ${module}`;
    const group = byLayer.get(key) ?? { target, module, name: name.replace(/\.(alpha|[^.]+\.weight)$/, '') };
    if (group[part]) throw invalidFiles(`${path} changes one layer twice: "${name}" is the second time.`);
    byLayer.set(key, { ...group, [part]: location });
  }
  return byLayer.values();
}

function notLora(path: string, name: string): Error {
  const kind = otherKinds.find(([pattern]) => pattern.test(name))?.[1];
  return kind
    ? invalidFiles(`${path} is ${kind} ("${name}"), which is not supported.`, 'Use a plain LoRA or LoCon.')
    : invalidFiles(
        `${path} is not a LoRA that this model can take: nothing is known by the name of its tensor "${name}".`,
        'Use a LoRA for this kind of model, with the names of kohya, PEFT or diffusers.',
      );
}

function rankOf(path: string, name: string, down: TensorLocation, up: TensorLocation): number {
  const [rank, ...inputs] = down.shape;
  if (!rank || inputs.length === 0 || up.shape.length < 2 || up.shape[1] !== rank) {
    throw invalidFiles(
      `${path}: the two matrices of "${name}" have the shapes [${down.shape}] and [${up.shape}], which do not fit each other.`,
    );
  }
  return rank;
}
