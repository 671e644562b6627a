import { EaselError, type Image, type ImageRequest, type Preview, type Warning } from '@easel/plugin-sdk';
import { encodeAs, withImage } from '@easel/plugin-sdk/images';
import type { AvailableModel } from '../../models/available-models.js';
import type { MadeImages } from './info.js';
import type { Task } from './tasks.js';

/**
 * What there is of a call that its caller has interrupted, as Automatic1111 answers it: each image as it
 * looked last, at the size and in the format that were asked for; none where nothing was shown yet.
 *
 * @param error what the call failed with
 * @param model that it went to
 */
export async function interruptedResult(
  { previews }: Pick<Task, 'previews'>,
  asked: ImageRequest,
  error: unknown,
  model: AvailableModel | undefined,
): Promise<{ made: MadeImages; warnings: Warning[] }> {
  const shown = [...previews.values()].sort((one, other) => one.index - other.index);
  const images: Image[] = [];
  for (const preview of shown) {
    const image = await finish(preview, asked).catch(() => undefined);
    // A preview that cannot be read is none.
    if (image) images.push(image);
  }
  const { prompt, n = images.length, model: id, width, height, ...others } = asked;
  const parameters = {
    ...others,
    prompt,
    n,
    width: width ?? images[0]?.width ?? 0,
    height: height ?? images[0]?.height ?? 0,
  };
  const paid = EaselError.isInstance(error) && error.mayBePaid ? ' It may have been paid for.' : '';
  const message = `The call was interrupted: ${images.length} of its images are there, unfinished.${paid}`;
  return {
    made: { images, provenance: { model: model?.id ?? id ?? '', parameters } },
    warnings: [{ code: 'other', message }],
  };
}

async function finish({ bytes, index }: Preview, asked: ImageRequest): Promise<Image> {
  const { width, height, outputFormat = 'png', seed } = asked;
  return await withImage(bytes, async ({ image }) => {
    const resized = width && height ? image.resize(width, height, { fit: 'fill' }) : image;
    const { data, info } = await encodeAs(resized, outputFormat).toBuffer({ resolveWithObject: true });
    return {
      bytes: new Uint8Array(data),
      mediaType: `image/${outputFormat}`,
      width: info.width,
      height: info.height,
      ...(seed === undefined ? {} : { seed: (seed + index) % 2 ** 32 }),
    };
  });
}
