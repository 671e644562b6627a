import type { Preview, Progress } from '@easel/plugin-sdk';
import sharp from 'sharp';
import type { EngineProgress } from './protocol.js';

/**
 * Hands on the progress of a call in its order, previews encoded as JPEG: they are small and seen for a
 * moment.
 */
export class ProgressReports {
  readonly #onProgress: (progress: Progress) => void;
  #last: Promise<void> = Promise.resolve();

  constructor(onProgress: (progress: Progress) => void) {
    this.#onProgress = onProgress;
  }

  add({ rawPreview, ...progress }: EngineProgress): void {
    this.#last = this.#last.then(async () => {
      this.#onProgress(rawPreview ? { ...progress, preview: await encode(rawPreview) } : progress);
    });
    // A call that fails never asks whether all has been sent.
    this.#last.catch(() => undefined);
  }

  /** Resolves when all has been handed on; rejects where a preview could not be encoded. */
  async sent(): Promise<void> {
    await this.#last;
  }
}

async function encode(preview: NonNullable<EngineProgress['rawPreview']>): Promise<Preview> {
  const { rgb, index, enlarge } = preview;
  const [width, height] = [preview.width * enlarge, preview.height * enlarge];
  const bytes = await sharp(rgb, { raw: { width: preview.width, height: preview.height, channels: 3 } })
    .resize(width, height, { kernel: 'nearest' })
    .jpeg({ quality: 85 })
    .toBuffer();
  return { bytes: new Uint8Array(bytes), mediaType: 'image/jpeg', width, height, index };
}
