import type { InputImage } from '@easel/plugin-sdk';
import { withImage } from '@easel/plugin-sdk/images';
import { invertMask, maskOfOpacity } from '../alpha-mask.js';
import type { FindFile } from './find-file.js';
import { UnsupportedNode } from './node-reader.js';
import { inputProblem } from './problems.js';
import type { Channel, ReadFile, ReadMask } from './read-latent.js';

const limits = { seconds: 10 } as const;

async function read({ node, file }: ReadFile, find: FindFile): Promise<InputImage> {
  const found = await find(file);
  if (!found)
    throw new UnsupportedNode(
      node.id,
      inputProblem(
        'custom_validation_failed',
        'Custom validation failed for node',
        'image',
        ` - Invalid image file: ${file.slice(0, 200)}. Send it to POST /upload/image first.`,
      ),
    );
  return found;
}

const asPng = (bytes: Uint8Array): InputImage => ({ bytes: new Uint8Array(bytes), mediaType: 'image/png' });

/** The image of `LoadImage`: its colours, whatever its opacity. */
export async function imageOf(file: ReadFile, find: FindFile): Promise<InputImage> {
  const image = await read(file, find);
  return await withImage(
    image.bytes,
    async ({ image: opened }) => {
      if (!(await opened.clone().metadata()).hasAlpha) return image;
      return asPng(await opened.autoOrient().removeAlpha().png({ compressionLevel: 1 }).toBuffer());
    },
    limits,
  );
}

/** Pixels of an image as people see it. */
export async function sizeOf({ bytes }: InputImage): Promise<{ width: number; height: number }> {
  return await withImage(
    bytes,
    async ({ image }) => {
      const { autoOrient } = await image.metadata();
      return { width: autoOrient.width, height: autoOrient.height };
    },
    limits,
  );
}

/** A mask in the contract's sense, white is painted. */
export async function maskOf(mask: ReadMask, find: FindFile): Promise<InputImage> {
  const image = await read(mask, find);
  const { channel, isInverted, grownBy } = mask;
  const marked = channel === 'alpha' ? await maskOfOpacity(image, 'clear') : await channelOf(image, channel);
  const turned = isInverted ? await invertMask(marked) : marked;
  return grownBy > 1 ? await grow(turned, grownBy) : turned;
}

async function channelOf({ bytes }: InputImage, channel: Exclude<Channel, 'alpha'>): Promise<InputImage> {
  return await withImage(
    bytes,
    async ({ image }) =>
      asPng(
        await image.autoOrient().removeAlpha().toColourspace('srgb').extractChannel(channel).png().toBuffer(),
      ),
    limits,
  );
}

/** Each painted pixel becomes a square, as in `VAEEncodeForInpaint` (`nodes.py`); sharp erodes what is black. */
async function grow({ bytes }: InputImage, edge: number): Promise<InputImage> {
  return await withImage(
    bytes,
    async ({ image }) =>
      asPng(
        await image
          .toColourspace('b-w')
          .threshold(128)
          .erode(Math.floor(edge / 2))
          .png()
          .toBuffer(),
      ),
    limits,
  );
}
