import type { CompanionFile, Tensors } from '../single-file-layout.js';

type MisfitOf = NonNullable<CompanionFile['misfitOf']>;

/** An axis of a tensor, whose size tells what a network writes or reads. */
export interface Axis {
  readonly tensor: string;
  readonly axis: 0 | 1;
}

/** How wide the text is that an encoder writes and a denoising network reads. */
export interface TextWidths {
  /** Of the encoder. Of several tensors the first that is there tells it. */
  readonly written: readonly Axis[];
  /** Of the denoising network. */
  readonly read: Axis;
  /** How many states of a token stand side by side. */
  readonly states?: number;
}

/** Whether a text encoder writes text of the width that the denoising network reads. */
export const widthMisfit =
  ({ written, read, states = 1 }: TextWidths): MisfitOf =>
  (encoder, denoiser) => {
    const width = written.map((each) => sizeOf(encoder, each)).find((size) => size !== undefined);
    const wanted = sizeOf(denoiser, read);
    if (width === undefined || wanted === undefined || states * width === wanted) return undefined;
    return `writes text ${states * width} wide, and the denoising network reads text ${wanted} wide`;
  };

/** Numbers that the last layer of a transformer writes for each channel: two by two latents. */
const latentsPerToken = 4;

/**
 * Whether the latents of an autoencoder have the channels that a transformer makes.
 *
 * @param lastLayer its path
 * @param kernelAxes of the autoencoder's convolutions: 2, or 3 where it was made for videos
 */
export const latentMisfit =
  (lastLayer: string, kernelAxes: 2 | 3): MisfitOf =>
  (autoencoder, denoiser) => {
    const axes = (autoencoder.get('decoder.conv_in.weight')?.shape.length ?? 0) - 2;
    if (axes > 0 && axes !== kernelAxes)
      return `has convolutions of ${axes} axes, and the autoencoder of this model has some of ${kernelAxes}`;
    const channels = sizeOf(autoencoder, { tensor: 'decoder.conv_in.weight', axis: 1 });
    const numbers = sizeOf(denoiser, { tensor: `${lastLayer}.weight`, axis: 0 });
    if (channels === undefined || numbers === undefined || latentsPerToken * channels === numbers)
      return undefined;
    return `has latents of ${channels} channels, and the denoising network makes ${numbers / latentsPerToken}`;
  };

const sizeOf = (tensors: Tensors, { tensor, axis }: Axis): number | undefined =>
  tensors.get(tensor)?.shape[axis];
