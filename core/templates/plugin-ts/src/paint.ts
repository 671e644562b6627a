/**
 * Stands for your model or your provider: two colours that the prompt and the seed choose, one running into
 * the other.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { crc32, deflate } from 'node:zlib';

const compress = promisify(deflate);

export interface Picture {
  readonly prompt: string;
  readonly seed: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** 0 to 1. */
  readonly brightness: number;
  /** Degrees. */
  readonly angle: number;
}

/** A PNG file. */
export async function paint(picture: Picture): Promise<Uint8Array<ArrayBuffer>> {
  const { prompt, seed, width, height, brightness, angle } = picture;
  const colours = createHash('sha256').update(`${seed} ${prompt}`).digest();
  const across = Math.cos((angle * Math.PI) / 180);
  const down = Math.sin((angle * Math.PI) / 180);
  const rows = Buffer.alloc(height * (1 + 3 * width)); // Every row begins with its filter: 0, none.
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const share = 0.5 + ((x / width - 0.5) * across + (y / height - 0.5) * down) / Math.SQRT2;
      const at = y * (1 + 3 * width) + 1 + 3 * x;
      for (let channel = 0; channel < 3; channel++) {
        const value = colours.readUInt8(channel) * (1 - share) + colours.readUInt8(channel + 3) * share;
        rows[at + channel] = Math.round(value * brightness);
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // Eight bits a channel, RGB.
  const chunks = [chunk('IHDR', header), chunk('IDAT', await compress(rows)), chunk('IEND', Buffer.alloc(0))];
  return new Uint8Array(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]));
}

/** A chunk of a PNG file: length, name, data, checksum. */
function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name), data]);
  const length = Buffer.alloc(4);
  const checksum = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
