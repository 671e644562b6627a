import { createHash } from 'node:crypto';
import { EaselError, type GenerationRequest, type Image } from '@easel/plugin-sdk';
import type { BatchCall } from '@easel/plugin-sdk/batch';
import { z } from 'zod';
import { pictureRequest } from '../contents.js';
import { fingerprintOf } from '../fingerprint.js';
import type { ImageConfig } from '../image-config.js';
import type { Means, Way } from '../means.js';
import { readPicture } from '../read-picture.js';
import type { Options } from '../settings.js';
import { bodyOf } from './body.js';
import { toldSchema } from './driver.js';

const createdSchema = z.object({ id: z.string().min(1).max(1_000) });

/**
 * Pictures by the Interactions API, in the background: Google answers with an id at once, which is on disk
 * before anything else happens. Whoever comes again under the same `requestId` asks for that id, and pays
 * nothing. Google keeps the conversation, until the picture has been received or, with `keepTurn`, as long as
 * it keeps interactions.
 */
export async function openInBackground(
  { client, interactions, inputFiles }: Pick<Means, 'client' | 'interactions' | 'inputFiles'>,
  request: GenerationRequest,
  options: Options,
  imageConfig: ImageConfig,
  call: BatchCall,
): Promise<Way> {
  const { signal, received } = call;
  const { requestId, isResumable = false, outputFormat } = request;
  const { previousTurn: previous, keepTurn: isKept = previous !== undefined } = options;
  const inputs = await inputFiles.partsOf(request, { isKept, knowsFiles: true }, call);
  const written = (prompt: string) =>
    bodyOf(pictureRequest(request, { prompt, inputs }, imageConfig, options), previous);
  const plain = written(request.prompt);
  const fingerprint = fingerprintOf(plain.model, JSON.stringify([plain, isKept]), options);
  const turns = new Map<Image, string>();
  await interactions.refresh(requestId, signal);
  return {
    fingerprint,
    async draw(prompt, number) {
      const about = { model: plain.model };
      const result = await interactions.run({
        identity: { fingerprint: hashOf([fingerprint, number]), requestId, isRepeatable: false },
        model: plain.model,
        count: 1,
        isResumable,
        signal,
        received,
        async submit(stop) {
          const ask = { method: 'POST', path: 'interactions', body: written(prompt) } as const;
          const { id } = await client.request(about, createdSchema, stop, ask).catch((error: unknown) => {
            throw previous === undefined ? error : turnFailure(error);
          });
          return { id, isKept };
        },
        onProgress: () => {},
      });
      const { id, usage, areThoughts } = toldSchema.parse(result.details.parameters);
      const images = await Promise.all(result.files.map((bytes) => readPicture(bytes, outputFormat)));
      for (const image of images) turns.set(image, id);
      return { images, usage: usage ?? undefined, areThoughts, isResumed: result.isResumed };
    },
    turnsOf: (images) => (isKept ? { turns: images.map((image) => turns.get(image) ?? null) } : {}),
  };
}

/** Google answers for a turn that it does not keep as for a model that it does not have. */
function turnFailure(error: unknown): unknown {
  const isGone =
    EaselError.isInstance(error) &&
    error.code === 'ERR_MODEL_UNKNOWN' &&
    /\binteraction\b/i.test(error.message);
  if (!isGone) return error;
  return new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field: 'providerOptions.gemini.previousTurn',
    message: 'previousTurn: Google does not keep the turn, or no more.',
    hint: 'Send the image as an input image.',
    cause: error,
  });
}

const hashOf = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
