/**
 * The pictures that emulators "make": eight by eight squares, black or coloured, that are drawn from what the
 * picture is of, and a row below them that counts. Whoever is handed the picture of another prompt, or the
 * same one twice, can see it.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import sharp from 'sharp';

const columns = 8;
const rows = 9;
/** Brightest channel of a pixel, above which a square is lit; JPEG blurs what is drawn. */
const threshold = 100;

export interface DrawnPicture {
  /** Pixels, each at least 16. */
  readonly width: number;
  readonly height: number;
  /** Absent: png. */
  readonly format?: 'png' | 'jpeg' | 'webp';
  /** Counts pictures of the same thing, 0 to 255. Absent: 0. */
  readonly serial?: number;
}

/** What a picture is of: the prompt, and the pictures that it was made from. */
export function subjectOf(prompt: string, inputs: readonly Uint8Array[] = []): string {
  const digests = inputs.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
  return [prompt, ...digests].join('\n');
}

/** Draws the picture of a subject: the same one always, except for its serial number. */
export async function drawPicture(
  subject: string,
  { width, height, format = 'png', serial = 0 }: DrawnPicture,
): Promise<Buffer> {
  const digest = createHash('sha256').update(subject).digest();
  const colour = [digest[29], digest[30], digest[31]].map((value) => 128 + ((value ?? 0) >> 1));
  const lit = [...bitsOf(digest.subarray(0, 8)), ...bitsOf(Buffer.of(serial & 0xff))];
  const squares = Buffer.from(lit.flatMap((isLit) => (isLit ? colour : [0, 0, 0])));
  return await sharp(squares, { raw: { width: columns, height: rows, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'nearest' })
    .toFormat(format, format === 'png' ? { compressionLevel: 1 } : { quality: 95 })
    .toBuffer();
}

/** Whether a picture, in any format, is of the subject. */
export async function isPictureOf(bytes: Uint8Array, subject: string): Promise<boolean> {
  const wanted = [...bitsOf(createHash('sha256').update(subject).digest().subarray(0, 8))];
  const seen = await readSquares(bytes);
  return wanted.every((bit, index) => bit === seen[index]);
}

/** The serial number that a picture was drawn with. */
export async function readSerial(bytes: Uint8Array): Promise<number> {
  const squares = await readSquares(bytes);
  return squares
    .slice(columns * (rows - 1))
    .reduce((value, isLit, index) => value | (isLit ? 1 << index : 0), 0);
}

/** Looks at the middle of each square. */
async function readSquares(bytes: Uint8Array): Promise<boolean[]> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const squares: boolean[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = Math.floor(((column + 0.5) * info.width) / columns);
      const y = Math.floor(((row + 0.5) * info.height) / rows);
      const at = (y * info.width + x) * info.channels;
      squares.push(Math.max(...data.subarray(at, at + 3)) > threshold);
    }
  }
  return squares;
}

function* bitsOf(bytes: Uint8Array): Generator<boolean> {
  for (const byte of bytes) for (let bit = 0; bit < 8; bit++) yield ((byte >> bit) & 1) === 1;
}
