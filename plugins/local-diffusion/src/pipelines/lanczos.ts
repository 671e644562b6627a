/** Pixels of three bytes each, rows from the top. */
export interface RgbPicture {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** How pixels around a place weigh. */
interface Kernel {
  /** Pixels to either side where nothing is made smaller. */
  readonly reach: number;
  weigh(distance: number): number;
  /**
   * Weights are whole numbers of one by this.
   *
   * @param largest of all weights
   */
  oneOf(largest: number): number;
}

const lanczos: Kernel = {
  reach: 3,
  weigh: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0),
  // 8-bit sums fit into 32 bits.
  oneOf: () => 2 ** 22,
};
/** Keys 1981, with -0.5 for its one parameter. */
const bicubic: Kernel = {
  reach: 2,
  weigh(x) {
    const distance = Math.abs(x);
    if (distance < 1) return (1.5 * distance - 2.5) * distance ** 2 + 1;
    return distance < 2 ? -0.5 * (((distance - 5) * distance + 8) * distance - 4) : 0;
  },
  // Each weight fits into 16 bits.
  oneOf(largest) {
    let bits = 0;
    while (bits < 22 && Math.trunc(largest * 2 ** (bits + 1) + 0.5) < 2 ** 15) bits += 1;
    return 2 ** bits;
  },
};

/** Which pixels of a line make one of the new line, and how much each weighs. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
  /** What the weights add up to, about. */
  readonly one: number;
}

/**
 * Resizes with Lanczos's kernel of three lobes, first along rows, then along columns, each rounded to bytes.
 * Equal to Pillow's `Image.resize(size, LANCZOS)` to the bit, edges included (src/libImaging/Resample.c);
 * sharp's kernel of the same name is sampled more coarsely and treats edges otherwise.
 */
export const resizeLanczos = (picture: RgbPicture, width: number, height: number): RgbPicture =>
  resize(picture, width, height, lanczos);

/**
 * The same with the cubic kernel, equal to torchvision's `resize` of bytes with antialiasing to the bit;
 * Pillow's differs by one at places.
 */
export const resizeBicubic = (picture: RgbPicture, width: number, height: number): RgbPicture =>
  resize(picture, width, height, bicubic);

function resize(picture: RgbPicture, width: number, height: number, kernel: Kernel): RgbPicture {
  const narrowed = width === picture.width ? picture : resizeRows(picture, width, kernel);
  return height === picture.height ? narrowed : resizeColumns(narrowed, height, kernel);
}

function resizeRows({ rgb, width: oldWidth, height }: RgbPicture, width: number, kernel: Kernel): RgbPicture {
  const taps = tapsOf(oldWidth, width, kernel);
  const resized = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const start = 3 * (y * oldWidth + taps[x]!.first);
      sumUp(rgb, start, 3, taps[x]!, resized, 3 * (y * width + x));
    }
  }
  return { rgb: resized, width, height };
}

function resizeColumns(
  { rgb, width, height: oldHeight }: RgbPicture,
  height: number,
  kernel: Kernel,
): RgbPicture {
  const taps = tapsOf(oldHeight, height, kernel);
  const resized = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const start = 3 * (taps[y]!.first * width + x);
      sumUp(rgb, start, 3 * width, taps[y]!, resized, 3 * (y * width + x));
    }
  }
  return { rgb: resized, width, height };
}

/** Writes one pixel: the weighted sum of pixels that lie `stride` bytes apart. */
function sumUp(
  from: Uint8Array,
  start: number,
  stride: number,
  { weights, one }: Taps,
  into: Uint8Array,
  at: number,
): void {
  for (let channel = 0; channel < 3; channel++) {
    let sum = one / 2;
    for (let tap = 0; tap < weights.length; tap++)
      sum += from[start + tap * stride + channel]! * weights[tap]!;
    into[at + channel] = Math.min(255, Math.max(0, Math.floor(sum / one)));
  }
}

function tapsOf(oldLength: number, length: number, { reach, weigh, oneOf }: Kernel): Taps[] {
  const scale = oldLength / length;
  const stretch = Math.max(scale, 1);
  const support = reach * stretch;
  const lines = Array.from({ length }, (_, index) => {
    const center = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(oldLength, Math.trunc(center + support + 0.5));
    const values = Array.from({ length: end - first }, (_, tap) =>
      weigh((tap + first - center + 0.5) * (1 / stretch)),
    );
    const total = values.reduce((sum, value) => sum + value, 0);
    return { first, shares: total === 0 ? values : values.map((value) => value / total) };
  });
  const largest = lines.reduce((most, { shares }) => shares.reduce((a, b) => Math.max(a, b), most), 0);
  const one = oneOf(largest);
  return lines.map(({ first, shares }) => ({
    first,
    one,
    weights: shares.map((share) => Math.trunc(share * one + (share < 0 ? -0.5 : 0.5))),
  }));
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
