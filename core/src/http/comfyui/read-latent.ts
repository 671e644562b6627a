import type { FoundNode, NodeReader } from './node-reader.js';
import { ignoreFile } from './read-model.js';

export type Channel = 'red' | 'green' | 'blue' | 'alpha';

/** A file, and the node that names it. */
export interface ReadFile {
  readonly node: FoundNode;
  readonly file: string;
}

/** A mask of a file, white where it is painted. */
export interface ReadMask extends ReadFile {
  /** Of the opacity, what is clear is painted. */
  readonly channel: Channel;
  readonly isInverted: boolean;
  /** Edge of the square, in pixels, that each painted pixel becomes. 0: it stays as it is. */
  readonly grownBy: number;
}

/** What sampling begins with. */
export interface ReadLatent {
  /** The node with the size. Absent: it is the image's. */
  readonly empty?: FoundNode;
  readonly image?: ReadFile;
  readonly mask?: ReadMask;
  /** Whether what lies under the mask is replaced by grey before it is encoded. */
  readonly isCleared: boolean;
  readonly repeated: number;
  /** The node that says how often. Absent: none does. */
  readonly repeater?: FoundNode;
}

/** Follows latents to the size or the image that they begin with. */
export function readLatent(reader: NodeReader, user: FoundNode): ReadLatent {
  let latent: ReadLatent = { isCleared: false, repeated: 1 };
  let node = reader.from(user, 'latent_image');
  for (;;) {
    if (node.class_type === 'RepeatLatentBatch')
      latent = {
        ...latent,
        repeated: latent.repeated * Math.trunc(reader.number(node, 'amount')),
        repeater: node,
      };
    else if (node.class_type === 'SetLatentNoiseMask')
      latent = { ...latent, mask: latent.mask ?? readMask(reader, node) };
    else break;
    node = reader.from(node, 'samples');
  }
  if (node.class_type.startsWith('Empty')) return { ...latent, empty: node };
  if (node.class_type.startsWith('KSampler'))
    throw reader.unsupported(
      user,
      'latent_image',
      'comes from another sampler, and Easel samples once: send the second pass as a prompt of its own, from the saved image',
    );
  ignoreVae(reader, node);
  const image = readImage(reader, node);
  if (node.class_type === 'VAEEncode') return { ...latent, image };
  const mask = readMask(reader, node, Math.trunc(reader.number(node, 'grow_mask_by')));
  return { ...latent, image, mask: latent.mask ?? mask, isCleared: true };
}

export function ignoreVae(reader: NodeReader, user: FoundNode): void {
  const node = reader.from(user, 'vae');
  ignoreFile(reader, node, 'vae_name', 'automatic');
}

function readImage(reader: NodeReader, user: FoundNode): ReadFile {
  const node = reader.from(user, 'pixels');
  if (node.class_type === 'LoadImage') return { node, file: reader.text(node, 'image') };
  throw reader.unsupported(
    user,
    'pixels',
    `comes from ${node.class_type}, and Easel takes images of LoadImage alone`,
  );
}

function readMask(reader: NodeReader, user: FoundNode, grownBy = 0): ReadMask {
  let isInverted = false;
  let node = reader.from(user, 'mask');
  for (; node.class_type === 'InvertMask'; node = reader.from(node, 'mask')) isInverted = !isInverted;
  if (node.class_type === 'LoadImage')
    return { node, file: reader.text(node, 'image'), channel: 'alpha', isInverted, grownBy };
  const channel = reader.text(node, 'channel') as Channel;
  if (node.class_type === 'LoadImageMask')
    return { node, file: reader.text(node, 'image'), channel, isInverted, grownBy };
  const source = reader.from(node, 'image');
  if (source.class_type !== 'LoadImage')
    throw reader.unsupported(
      node,
      'image',
      `comes from ${source.class_type}, and Easel takes masks of LoadImage and LoadImageMask alone`,
    );
  return { node: source, file: reader.text(source, 'image'), channel, isInverted, grownBy };
}
