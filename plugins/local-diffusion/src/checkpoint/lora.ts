import { readNumber } from './float-values.js';
import { invalidFiles } from './invalid-files.js';
import { layerOf } from './lora-kinds.js';
import type { LoraLayer } from './lora-layer.js';
import { declaredFactor, readLoraDeclarations } from './lora-metadata.js';
import { type LoraPart, type LoraTarget, parseLoraName } from './lora-names.js';
import { findLoraFile } from './lora-place.js';
import { readRotation } from './lora-rotation.js';
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
  /** All that it was read from. */
  readonly files: readonly string[];
  readonly layers: readonly UnplacedLayer[];
  /** Textual inversions that came in the file: tensors by their names behind the word, by the word. */
  readonly embeddings: ReadonlyMap<string, ReadonlyMap<string, TensorLocation>>;
  /** A sentence for each thing in the file that has no effect. */
  readonly warnings: readonly string[];
}

/** Kinds of change that are not computed, by a name in them. */
const otherKinds: readonly (readonly [RegExp, string])[] = [
  [/\.b?oft_[A-Z]/, "one of PEFT's OFTs"],
  [/lora_embedding_[AB]/, 'a LoRA of an embedding'],
];

/**
 * Textual inversions that OneTrainer and others put beside the layers: the word, and the tensor's own name.
 */
const embeddingName = /^bundle_emb\.(?<word>.+?)\.(?<part>string_to_param\.\*|emb_params|clip_[lg])$/;

/**
 * Opens a LoRA: its header, and the alphas, which are a number a layer. The weights stay in the file.
 *
 * @param path of a .safetensors file, or of the folder that PEFT or diffusers saved it in
 * @param targets what it may change
 * @throws ERR_MODEL_FILES_INVALID when the file is damaged, a LoRA of a kind that is not supported, or none
 */
export async function openLora(path: string, targets: readonly LoraTarget[]): Promise<Lora> {
  const file = await findLoraFile(path);
  const { tensors, metadata } = await readSafetensorsFile(file);
  const declarations = await readLoraDeclarations(file, {
    metadata,
    components: targets.map(({ component }) => component),
    isPeft: [...tensors.keys()].some((name) => name.startsWith('base_model.model.')),
  });
  const { groups, embeddings, unknown } = group(file, tensors, targets);
  const layers: UnplacedLayer[] = [];
  for (const { target, module, name, parts } of groups) {
    const [ownAlpha, onInput] = [parts.get('alpha'), parts.get('on_input')];
    const alpha = ownAlpha && (await readNumber(ownAlpha));
    const [blocks, rescale] = [parts.get('oft_blocks'), parts.get('rescale')];
    const layer = layerOf({
      file,
      name,
      tensors: parts,
      alpha,
      rotation: blocks && (await readRotation({ file, name, blocks, rescale, alpha })),
      onInput: onInput !== undefined && (await readNumber(onInput)) !== 0,
      declaredFactor: (rank) => declaredFactor(declarations, target.component, { module, name, rank }),
    });
    if (layer) layers.push({ target, module, name, ...layer });
    else unknown.push(...[...parts.keys()].map((part) => `${name}.${part}`));
  }
  if (layers.length === 0) throw notLora(file, unknown[0]);
  return {
    file,
    files: [file, ...declarations.files],
    layers,
    embeddings,
    warnings: warningOf(file, unknown),
  };
}

interface Group {
  readonly target: LoraTarget;
  readonly module: string;
  readonly name: string;
  readonly parts: Map<LoraPart, TensorLocation>;
}

/** The tensors of the file by the layer that they change. */
function group(path: string, tensors: ReadonlyMap<string, TensorLocation>, targets: readonly LoraTarget[]) {
  const byLayer = new Map<string, Group>();
  const embeddings = new Map<string, Map<string, TensorLocation>>();
  const unknown: string[] = [];
  for (const [name, location] of tensors) {
    const { word, part: embeddingPart } = embeddingName.exec(name)?.groups ?? {};
    const parsed = parseLoraName(name, targets);
    if (word !== undefined && embeddingPart !== undefined) {
      embeddings.set(word, (embeddings.get(word) ?? new Map()).set(embeddingPart, location));
    } else if (!parsed) {
      unknown.push(name);
    } else {
      const { target, module, part } = parsed;
      const key = `${target.component} ${module}`;
      const own = byLayer.get(key) ?? { target, module, name: layerName(name), parts: new Map() };
      if (own.parts.has(part)) {
        throw invalidFiles(`${path} changes one layer twice: "${name}" is the second time.`);
      }
      own.parts.set(part, location);
      byLayer.set(key, own);
    }
  }
  return { groups: byLayer.values(), embeddings, unknown };
}

/** The name of a tensor without its end. */
const layerName = (name: string): string =>
  name.replace(/\.(lora_[AB]\.((\w+\.)?weight|bias)|lora_magnitude_vector.*|[^.]+\.weight|[^.]+)$/, '');

function notLora(path: string, name: string | undefined): Error {
  if (name === undefined) return invalidFiles(`${path} is not a LoRA: it changes no layer.`);
  const kind = otherKinds.find(([pattern]) => pattern.test(name))?.[1];
  return kind
    ? invalidFiles(
        `${path} is ${kind} ("${name}"), which is not supported.`,
        'Use a LoRA, LoHa, LoKr or an OFT of LyCORIS.',
      )
    : invalidFiles(
        `${path} is not a LoRA that this model can take: nothing is known by the name of its tensor "${name}".`,
        'Use a LoRA for this kind of model, with the names of kohya, PEFT, ComfyUI or diffusers.',
      );
}

const shown = 3;

function warningOf(path: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const list = names.slice(0, shown).map((name) => `"${name}"`);
  const rest = names.length > shown ? ` and ${names.length - shown} more` : '';
  return [`${path}: nothing is known by the names ${list.join(', ')}${rest}; they had no effect.`];
}
