import { EaselError } from '@easel/plugin-sdk';
import type { TorchGenerator } from '../sampling/noise/torch-generator.js';
import type { Feed } from '../session/network.js';
import type { CallShare, Control, ReadControl } from './control.js';
import type { DiffusionModel } from './diffusion-model.js';
import { drawNoise } from './draws.js';
import { resizeLanczos } from './lanczos.js';
import { toPlanes } from './pixels.js';

/**
 * Brings images to follow to the size of a request, and draws the latents of those that are read so, one
 * image after the other. diffusers: `prepare_image` and, with latents, `prepare_control_image`.
 *
 * @throws ERR_REQUEST_INVALID for a kind of image that its ControlNet does not know
 */
export async function readControls(
  { controlNets = [], latentChannels, factor, encode }: DiffusionModel,
  controls: readonly Control[],
  size: { readonly width: number; readonly height: number; readonly images: number },
  generators: readonly TorchGenerator[],
): Promise<readonly ReadControl[]> {
  const { width, height, images } = size;
  const read: ReadControl[] = [];
  for (const [index, { image, ...settings }] of controls.entries()) {
    const { reads, kinds } = controlNets[settings.net]!;
    refuseKind(settings.kind, kinds, `control.${index}.kind`);
    const planes = toPlanes(resizeLanczos(image, width, height).rgb);
    if (reads === 'pixels') {
      const data = planes.map((value) => value / 2 + 0.5);
      read.push({ ...settings, image: { data, shape: [1, 3, height, width] } });
      continue;
    }
    const posterior = await encode(planes, [1, 3, height, width]);
    const { count } = posterior;
    const shape = [images, latentChannels, height / factor, width / factor];
    const noise = drawNoise(generators, images * count);
    const data = new Float32Array(images * count);
    for (let place = 0; place < images; place++)
      data.set(posterior.draw(noise.subarray(place * count, (place + 1) * count)), place * count);
    read.push({ ...settings, image: { data, shape } });
  }
  return read;
}

/** Those that count in a call of the network. diffusers' `controlnet_keep`. */
export const controlsIn = ({ start, end, controls = [] }: CallShare): readonly ReadControl[] =>
  controls.filter((each) => start >= each.start && end <= each.end);

/** Of an emphasis that the model's ControlNets cannot have: soft layers are what those of UNets take. */
export function warnOfEmphasis(
  { controlNets = [] }: Pick<DiffusionModel, 'controlNets'>,
  controls: readonly Control[],
): string[] {
  const unread = controls.filter(
    ({ net, emphasis = 'balanced' }) => emphasis !== 'balanced' && controlNets[net]?.reads === 'latents',
  );
  if (unread.length === 0) return [];
  return [`control: the emphasis ${unread[0]!.emphasis} had no effect: this model's ControlNets have none.`];
}

/** An image for each item of a batch that the images are repeated in. */
export function forBatch({ data, shape }: Feed, batch: number): Feed {
  const [rows = 1, ...rest] = shape;
  const values = data as Float32Array;
  const repeated = new Float32Array((values.length / rows) * batch);
  for (let from = 0; from < repeated.length; from += values.length) repeated.set(values, from);
  return { data: repeated, shape: [batch, ...rest] };
}

function refuseKind(kind: number | undefined, kinds: number | undefined, field: string): void {
  if (kind === undefined || kind < (kinds ?? 1)) return;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field,
    message: `${field}: the ControlNet tells ${kinds === undefined ? 'one kind' : `${kinds} kinds`} of images apart, counted from 0, and ${kind} is none of them.`,
  });
}
