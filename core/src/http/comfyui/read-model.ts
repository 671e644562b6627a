import { nodeKinds } from './node-kinds.js';
import type { FoundNode, NodeReader } from './node-reader.js';
import { withoutEnding } from './validate.js';

/** A model with what is put on it, and where the graph names it. */
export interface ReadModel {
  /** As the graph names it, without the ending of a file. */
  readonly name: string;
  /** As the graph names it. */
  readonly file: string;
  readonly loader: FoundNode;
  /** The input of its loader with the name. */
  readonly input: string;
  /** From the first that is put on it to the last. */
  readonly loras: readonly ReadLora[];
}

export interface ReadLora {
  readonly node: FoundNode;
  readonly name: string;
  readonly weight: number;
}

/** Follows a model from where it is used to where it is loaded. */
export function readModel(reader: NodeReader, user: FoundNode): ReadModel {
  const loras: ReadLora[] = [];
  let node = reader.from(user, 'model');
  for (;;) {
    if (node.class_type === 'LoraLoader' || node.class_type === 'LoraLoaderModelOnly')
      loras.unshift(readLora(reader, node));
    else if (node.class_type.startsWith('ModelSampling'))
      reader.ignore(node, 'shift', 'the model has its own');
    else break;
    node = reader.from(node, 'model');
  }
  const input = node.class_type === 'UNETLoader' ? 'unet_name' : 'ckpt_name';
  if (node.class_type === 'UNETLoader') ignoreFile(reader, node, 'weight_dtype', 'default');
  const file = reader.text(node, input);
  return { name: withoutEnding(file), file, loader: node, input, loras };
}

function readLora(reader: NodeReader, node: FoundNode): ReadLora {
  const weight = reader.number(node, 'strength_model');
  const ofText = node.class_type === 'LoraLoader' ? reader.number(node, 'strength_clip') : weight;
  if (ofText !== weight)
    reader.adapt(node, 'strength_clip', `was replaced by ${weight}: a LoRA has one strength`);
  return { node, name: reader.text(node, 'lora_name'), weight };
}

/**
 * Follows a text encoder to where it is loaded. Answers how many of its last layers are left out, and the
 * node that says so.
 */
export function readEncoder(reader: NodeReader, user: FoundNode) {
  let skipped: { readonly node: FoundNode; readonly layers: number } | undefined;
  let node = reader.from(user, 'clip');
  while (node.class_type === 'CLIPSetLastLayer' || node.class_type === 'LoraLoader') {
    // The one next to its user counts.
    if (node.class_type === 'CLIPSetLastLayer')
      skipped ??= { node, layers: -1 - Math.trunc(reader.number(node, 'stop_at_clip_layer')) };
    node = reader.from(node, 'clip');
  }
  for (const input of ['clip_name', 'clip_name1', 'clip_name2', 'clip_name3'])
    ignoreFile(reader, node, input, 'automatic');
  return { skipped, hasGuidanceInput: hasGuidanceNode(reader.text(node, 'type')) };
}

/** Whether a type of text encoders has a node of its own for guidance: its models have that as an input. */
const hasGuidanceNode = (type: string): boolean =>
  Object.keys(nodeKinds).some((kind) => kind.toLowerCase() === `${type}guidance`);

/** Says that the file that a node names counts for nothing. */
export function ignoreFile(reader: NodeReader, node: FoundNode, input: string, silent: string): void {
  const value = reader.text(node, input);
  if (value !== '' && value !== silent) reader.ignore(node, input, 'the model has its own');
}
