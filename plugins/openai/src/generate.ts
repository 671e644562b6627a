import {
  EaselError,
  type GenerationRequest,
  type GenerationResult,
  type Image,
  type Progress,
  seedLimit,
} from '@easel/plugin-sdk';
import { makeImages, type PaidCall, type PaidRequests, unread } from '@easel/plugin-sdk/paid';
import { resultWarnings } from '@easel/plugin-sdk/provider';
import { type Answer, type AnsweredPicture, answerSchema } from './answer/answer.js';
import { costOf } from './answer/cost.js';
import { previewOf } from './answer/preview.js';
import { readFile, readImage } from './answer/read-image.js';
import { unreadable } from './failures.js';
import type { FoundServer } from './find-server.js';
import { fingerprintOf } from './fingerprint.js';
import { post } from './post.js';
import { requestFields } from './request/fields.js';
import { writeBody } from './request/write-body.js';
import type { Config, Options } from './settings.js';

export interface GenerateMeans {
  readonly server: FoundServer;
  readonly requests: PaidRequests;
  readonly config: Config;
}

type Call = Pick<PaidCall, 'signal' | 'received'> & { readonly onProgress: (progress: Progress) => void };

/**
 * Makes the images of a call: by one request where the server makes several at once, by one each where it
 * does not, or where each has a seed. Every request is paid at most once, and what it was answered is kept
 * until the call has received it.
 */
export async function generate(
  means: GenerateMeans,
  request: GenerationRequest,
  options: Options,
  { signal, received, onProgress }: Call,
): Promise<GenerationResult> {
  const { server, requests, config } = means;
  const { n, seed, outputFormat, requestId, isResumable } = request;
  const { fields, seedField, warnings } = requestFields(server, request, options);
  const { path, bodyWith } = await writeBody(server, fields, request);
  const call: PaidCall = { requestId, isResumable, signal, received };
  const identity = [server.id, path, fingerprintOf(fields, request)];
  const perRequest = seedField === undefined ? Math.min(server.images ?? 1, n) : 1;
  const previews = server.streams && request.previews > 0 ? Math.min(request.previews, 3) : 0;
  const answers: Answer[] = [];
  let resumed = 0;
  let done = 0;
  onProgress({ stage: 'generate', fraction: 0 });

  const made = await makeImages({
    count: n,
    parallel: config.parallelRequests,
    requests: Math.ceil(n / perRequest),
    signal,
    async make(number) {
      const count = Math.min(perRequest, n - number * perRequest);
      const own =
        seedField === undefined || seed === undefined ? undefined : (seed + number) % (seedLimit + 1);
      const more = {
        ...(seedField === undefined || own === undefined ? {} : { [seedField]: own }),
        ...(server.images === undefined ? {} : { n: count }),
        ...(previews > 0 && count === 1 ? { stream: true, partial_images: previews } : {}),
      };
      const { text, isResumed, replace } = await requests.ask(
        call,
        [...identity, number, more],
        async (stop) => {
          const onEvent = (event: Readonly<Record<string, unknown>>) =>
            void previewOf(event, number).then((preview) => {
              if (preview)
                onProgress({ stage: 'generate', fraction: Math.min(1, (done + 0.5) / n), preview });
            });
          const body = bodyWith(more);
          const answer = await post({
            server,
            path,
            body,
            timeoutMs: config.requestMs,
            signal: stop,
            onEvent,
          });
          assertAnswer(answer, server.name);
          return JSON.stringify(answer);
        },
      );
      const answer = answerSchema.parse(JSON.parse(text));
      answers.push(answer);
      if (isResumed) resumed += 1;
      const images = await readImages(answer, means, { signal, outputFormat, replace });
      return images.map((image) => (own === undefined ? image : { ...image, seed: own }));
    },
    onMade: (count) => {
      done = count;
      onProgress({ stage: 'generate', fraction: count / n });
    },
  });
  const cost = costOf(answers, options.prices);
  const revisedPrompt = answers.flatMap(({ data }) => data[0]?.revised_prompt ?? [])[0];
  return {
    images: [...made.images],
    warnings: [...warnings, ...resultWarnings(request, made)],
    ...(cost ? { cost } : {}),
    parameters: {
      server: server.id,
      ...(resumed > 0 ? { resumed } : {}),
      ...(revisedPrompt === undefined ? {} : { enhancedPrompt: revisedPrompt }),
      ...(cost && options.prices ? { pricesAsOf: options.prices.asOf } : {}),
    },
  };
}

/** An answer that has no image says why not, or is not of the protocol; it may have been paid then. */
function assertAnswer(answer: unknown, server: string): void {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) throw unreadable(server, 'there is no image in it');
  if (parsed.data.data.every(isRefused))
    throw new EaselError({
      code: 'ERR_CONTENT_REFUSED',
      message: `${server} held the image back on grounds of content.`,
    });
}

const isRefused = ({ respect_moderation: isFine, b64_json: base64, url }: AnsweredPicture): boolean =>
  isFine === false || (isFine !== undefined && !base64 && !url);

async function readImages(
  answer: Answer,
  { server, config }: GenerateMeans,
  options: Pick<GenerationRequest, 'outputFormat'> & {
    readonly signal: AbortSignal;
    readonly replace: (text: string) => Promise<void>;
  },
): Promise<Image[]> {
  const pictures = answer.data.filter((picture) => !isRefused(picture));
  try {
    const files = await Promise.all(
      pictures.map((picture) => readFile(picture, { server, config, signal: options.signal })),
    );
    if (pictures.some(({ b64_json: base64 }) => !base64)) {
      // Addresses expire. One that cannot be written down is used all the same.
      const data = files.map((bytes, index) => ({
        ...pictures[index],
        url: undefined,
        b64_json: Buffer.from(bytes).toString('base64'),
      }));
      await options.replace(JSON.stringify({ ...answer, data })).catch(() => {});
    }
    return await Promise.all(files.map((bytes) => readImage(bytes, options.outputFormat, server.name)));
  } catch (error) {
    throw EaselError.isInstance(error) ? unread(error) : error;
  }
}
