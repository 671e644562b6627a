/** From a decoder's output, [3, height, width] in -1 to 1, to RGB bytes; halves are rounded to even, as numpy does. */
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

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const part = value - below;
  if (part !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
