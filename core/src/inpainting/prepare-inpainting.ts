import type { Image, InputImage, ValidImageRequest, Warning } from '@easel/plugin-sdk';
import { withImage } from '@easel/plugin-sdk/images';
import { fillMarked } from './fill-marked.js';
import { limits, type Mask, markedRegion, readMask, sizeOf, toGrey } from './mask.js';
import { type Pasting, paste } from './paste.js';
import { fitInto, padRegion, type Region, type Size, shapeRegion } from './region.js';
import { upright } from './upright.js';

/** A request's image and mask as plugins take them, and what becomes of what they paint. */
export interface Inpainting {
  readonly image: InputImage;
  readonly mask: InputImage;
  readonly warnings: readonly Warning[];
  /** Puts what was painted into the original. Absent: it is the result as it is. */
  readonly finish?: (painted: Image) => Promise<Image>;
}

/**
 * Does with a request's first image and its mask what the request asks for beside the painting itself: brings
 * the mask to the size of the image, blurs its edge, fills what it marks, cuts its surroundings out, and
 * later pastes the painted image back. Undefined: there is nothing to do.
 *
 * @param target pixels of the images that will be painted
 */
export async function prepareInpainting(
  asked: ValidImageRequest,
  target: Size,
): Promise<Inpainting | undefined> {
  const { inputImages, mask: given, maskBlur, maskFill, maskPadding, keepUnmasked } = asked;
  const [original] = inputImages;
  if (!original || !given) return undefined;
  const [size, maskSize] = [await sizeOf(original), await sizeOf(given)];
  const isResized = size.width !== maskSize.width || size.height !== maskSize.height;
  const isPasted = keepUnmasked || maskPadding !== undefined;
  if (!isResized && !isPasted && maskBlur === 0 && maskFill === 'image') return undefined;

  const mask = await readMask(given, size, maskBlur);
  const marked = await markedRegion(mask);
  const warnings = warningsOf(isResized ? maskSize : undefined, size, marked);
  const isWhole = maskPadding === undefined || !marked;
  const region = isWhole
    ? { left: 0, top: 0, ...size }
    : shapeRegion(padRegion(marked, maskPadding, size), target, size);
  const content = isWhole ? { left: 0, top: 0, ...target } : fitInto(region, target);
  const isFilled = maskFill !== 'image' && marked !== undefined;
  const isCut = !isWhole || isFilled;
  const cutMask: Mask = isCut ? { ...target, png: await cut(mask.png, region, content, target, true) } : mask;
  const cutImage = isCut ? await cut(original.bytes, region, content, target, false) : original.bytes;
  const image = isFilled ? await fillMarked(cutImage, cutMask) : cutImage;

  const pasting: Pasting = {
    original: original.bytes,
    size: isWhole ? target : size,
    region: isWhole ? content : region,
    content,
    painted: target,
    mask: isWhole ? await scale(mask.png, target, maskBlur > 0) : await extract(mask.png, region),
    // At a quality it is encoded once, when it is done.
    outputFormat: asked.outputQuality === undefined ? asked.outputFormat : 'png',
  };
  return {
    image: isCut ? { bytes: image, mediaType: 'image/png' } : original,
    mask: { bytes: cutMask.png, mediaType: 'image/png' },
    warnings,
    ...(isPasted ? { finish: async (painted: Image) => await paste(painted, pasting) } : {}),
  };
}

function warningsOf(resizedFrom: Size | undefined, size: Size, marked: Region | undefined): Warning[] {
  const text = ({ width, height }: Size) => `${width} x ${height}`;
  const resized: Warning = {
    code: 'parameter-adapted',
    parameter: 'mask',
    message: `mask was resized from ${resizedFrom && text(resizedFrom)} to ${text(size)}, the size of its image.`,
  };
  const blank: Warning = {
    code: 'other',
    parameter: 'mask',
    message: 'mask marks nothing that is to be painted: the image is kept as it is.',
  };
  return [...(resizedFrom ? [resized] : []), ...(marked ? [] : [blank])];
}

/**
 * A region of an image in the middle of the target, its own edge going on around it where the shapes differ;
 * that of a mask is kept.
 */
async function cut(
  bytes: Uint8Array,
  region: Region,
  content: Region,
  target: Size,
  isMask: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const sides = {
    left: content.left,
    top: content.top,
    right: target.width - content.left - content.width,
    bottom: target.height - content.top - content.height,
  };
  const inside = await withImage(
    isMask ? bytes : await upright(bytes),
    ({ image }) =>
      image
        .extract(region)
        .resize(content.width, content.height, { fit: 'fill' })
        .png({ compressionLevel: 1 })
        .toBuffer(),
    limits,
  );
  const whole = await withImage(
    inside,
    ({ image }) =>
      isMask
        ? toGrey(image.extend({ ...sides, background: '#000000' })).toBuffer()
        : image
            .extend({ ...sides, extendWith: 'copy' })
            .png({ compressionLevel: 1 })
            .toBuffer(),
    limits,
  );
  return new Uint8Array(whole);
}

const extract = async (png: Uint8Array, region: Region): Promise<Uint8Array> =>
  await withImage(png, ({ image }) => toGrey(image.extract(region)).toBuffer(), limits);

/**
 * A mask of the size of what is painted. With a blurred edge, what is more than half marked is painted
 * wholly: the original shines through in the outer half of the edge alone, as in A1111.
 */
const scale = async (png: Uint8Array, { width, height }: Size, isBlurred: boolean): Promise<Uint8Array> =>
  await withImage(
    png,
    ({ image }) =>
      toGrey(image.resize(width, height, { fit: 'fill' }).linear(isBlurred ? 2 : 1, 0)).toBuffer(),
    limits,
  );
