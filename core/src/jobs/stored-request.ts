import type { ImageRequest, InputImage } from '@easel/plugin-sdk';
import type { ResultStore } from '../results/result-store.js';

/** A request as it lies in the database: its pictures are files beside it. */
interface StoredRequest extends Omit<ImageRequest, 'inputImages' | 'mask'> {
  readonly inputImages?: readonly StoredInput[];
  readonly mask?: StoredInput;
}
interface StoredInput {
  readonly name: string;
  readonly mediaType: InputImage['mediaType'];
}

/** A request as text; its pictures are written first. */
export async function freezeRequest(request: ImageRequest, inputs: ResultStore): Promise<string> {
  const { inputImages, mask, ...others } = request;
  const put = async ({ bytes, mediaType }: InputImage): Promise<StoredInput> => ({
    name: await inputs.putBytes(bytes, mediaType),
    mediaType,
  });
  const stored: StoredRequest = {
    ...others,
    ...(inputImages ? { inputImages: await Promise.all(inputImages.map(put)) } : {}),
    ...(mask ? { mask: await put(mask) } : {}),
  };
  return JSON.stringify(stored);
}

/** The request again, with its pictures. Throws where one of them is gone. */
export async function thawRequest(text: string, inputs: ResultStore): Promise<ImageRequest> {
  const { inputImages, mask, ...others } = JSON.parse(text) as StoredRequest;
  const read = async ({ name, mediaType }: StoredInput): Promise<InputImage> => {
    const bytes = await inputs.read(name);
    if (!bytes) throw new Error(`the input picture ${name} is gone`);
    return { bytes: new Uint8Array(bytes), mediaType };
  };
  return {
    ...others,
    ...(inputImages ? { inputImages: await Promise.all(inputImages.map(read)) } : {}),
    ...(mask ? { mask: await read(mask) } : {}),
  };
}
