import type { GenerationRequest } from '../generation.js';
import { type Image, seedLimit } from '../image.js';
import { convertImage } from '../images/index.js';
import { makeImages } from '../paid/index.js';
import type { CallContext } from '../plugin.js';
import type { GenerationResult, Warning } from '../result.js';
import { unusable } from './failures.js';
import { resultWarnings } from './result-warnings.js';

/** An image of a call, while it is made. */
export interface ImageInTurn {
  /** From 0. */
  readonly index: number;
  /** Absent: none was asked for. */
  readonly seed: number | undefined;
  /** Tells 0 to 1 of it. */
  readonly onProgress: (fraction: number) => void;
  /** Shows a file of it that is unfinished; one that cannot be read, or is not wanted, does no harm. */
  readonly onPreview: (bytes: Uint8Array<ArrayBuffer>) => void;
}

export interface TurnMeans {
  /** The server, as people call it. */
  readonly name: string;
  /** What is known before anything is made. */
  readonly warnings: readonly Warning[];
  /** Makes one image; answers its file, and its seed where that is known. Rejects with an EaselError. */
  readonly make: (
    image: ImageInTurn,
  ) => Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly seed?: number | undefined }>;
}

/**
 * Makes the images of a call one after the other, at a server that makes one at a time: each then is that of
 * its seed, and nobody pays for what is made twice.
 */
export async function generateInTurn(
  { name, warnings, make }: TurnMeans,
  request: GenerationRequest,
  { signal, onProgress }: Pick<CallContext<unknown>, 'signal' | 'onProgress'>,
): Promise<Pick<GenerationResult, 'images'> & { readonly warnings: Warning[] }> {
  const { n, seed: first, previews, outputFormat } = request;
  let highest = 0;
  const tell = (done: number) => {
    highest = Math.max(highest, Math.min(1, done / n));
    onProgress({ stage: 'generate', fraction: highest });
  };
  const one = async (index: number): Promise<readonly Image[]> => {
    const seed = first === undefined ? undefined : (first + index) % (seedLimit + 1);
    let shown = 0;
    const made = await make({
      index,
      seed,
      onProgress: (fraction) => tell(index + Math.min(1, fraction)),
      onPreview(bytes) {
        if (shown++ >= previews) return;
        const show = (image: Image) =>
          onProgress({ stage: 'generate', fraction: highest, preview: { ...image, index } });
        void convertImage(bytes, 'jpeg').then(show, () => {});
      },
    });
    const image = await convertImage(made.bytes, outputFormat).catch((cause: unknown) => {
      throw unusable(name, `an image of it ${(cause as Error).message}`, false, cause);
    });
    return [made.seed === undefined ? image : { ...image, seed: made.seed }];
  };
  tell(0);
  const made = await makeImages({ count: n, parallel: 1, signal, make: one, onMade: tell });
  return { images: [...made.images], warnings: [...warnings, ...resultWarnings(request, made)] };
}
