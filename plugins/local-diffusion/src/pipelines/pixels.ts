import { roundHalfToEven } from '../sampling/rounding.js';

/**
 * From a decoder's output, [3, height, width] in -1 to 1, to RGB bytes; halves are rounded to even, as numpy
 * does.
 */
export function toRgb(planes: Float32Array): Uint8Array {
  const pixels = planes.length / 3;
  const rgb = new Uint8Array(planes.length);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = (planes[channel * pixels + pixel] as number) / 2 + 0.5;
      rgb[pixel * 3 + channel] = roundHalfToEven(255 * Math.min(1, Math.max(0, value)));
    }
  }
  return rgb;
}

/**
 * From RGB bytes to an encoder's input, [3, height, width] in -1 to 1. diffusers:
 * `VaeImageProcessor.preprocess`.
 */
export function toPlanes(rgb: Uint8Array): Float32Array {
  const pixels = rgb.length / 3;
  const planes = new Float32Array(rgb.length);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      planes[channel * pixels + pixel] = 2 * Math.fround(rgb[pixel * 3 + channel]! / 255) - 1;
    }
  }
  return planes;
}

/**
 * From RGB bytes to a mask, [height, width]: 1 where the picture is light, 0 where it is dark, parted in the
 * middle. Pillow's `convert("L")`, which weighs the colours as ITU-R 601-2 does, and
 * `VaeImageProcessor(do_binarize=True)`.
 */
export function toMask(rgb: Uint8Array): Float32Array {
  return Float32Array.from({ length: rgb.length / 3 }, (_, pixel) => {
    const [red, green, blue] = [rgb[pixel * 3]!, rgb[pixel * 3 + 1]!, rgb[pixel * 3 + 2]!];
    const light = Math.floor((red * 19595 + green * 38470 + blue * 7471 + 0x8000) / 0x10000);
    return light / 255 < 0.5 ? 0 : 1;
  });
}
