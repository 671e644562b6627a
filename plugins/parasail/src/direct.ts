import { setTimeout as pause } from 'node:timers/promises';
import { EaselError, type GenerationRequest, type GenerationResult, type Image } from '@easel/plugin-sdk';
import { type BatchCall, picturesOf } from '@easel/plugin-sdk/batch';
import { type PaidCall, type PaidRequests, unread } from '@easel/plugin-sdk/paid';
import { APIError } from 'openai';
import type { ParasailClient } from './client.js';
import type { PictureBody } from './picture-body.js';
import { readPicture } from './read-picture.js';
import type { Config } from './settings.js';

/** Rounds in which missing images are asked for again. */
const mostRounds = 4;
const firstPauseMs = 500;
/** A provider that asks for a longer pause has the call answered with what there is. */
const longestPauseMs = 60_000;
/** Images that are made beside each other. */
const parallel = 4;

export interface DirectMeans {
  readonly client: ParasailClient;
  readonly requests: PaidRequests;
  readonly config: Pick<Config, 'pictureMs' | 'allowPrivateAddresses'>;
  /** Path of the API, `/v1/...` */
  readonly endpoint: string;
}

/** Makes pictures by requests that are answered at once, one each. */
export async function makeDirectly(
  means: DirectMeans,
  bodies: readonly PictureBody[],
  request: GenerationRequest,
  { signal, onProgress, received }: BatchCall,
): Promise<GenerationResult> {
  const { requestId, isResumable } = request;
  const call: PaidCall = { requestId, isResumable, signal, received };
  const makeAt = (index: number) => makeOne(means, bodies[index] as PictureBody, index, request, call);
  const outcomes: PromiseSettledResult<Made>[] = [];
  onProgress({ stage: 'generate', fraction: 0 });
  for (let from = 0; from < bodies.length; from += parallel) {
    const round = bodies.slice(from, from + parallel);
    outcomes.push(
      ...(await settleAll(
        round.map((_, index) => from + index),
        makeAt,
      )),
    );
    onProgress({ stage: 'generate', fraction: outcomes.length / bodies.length });
    // What has failed for all is not paid for again and again.
    if (outcomes.every(({ status }) => status === 'rejected')) break;
  }
  await makeMissing(outcomes, makeAt, signal);
  // Told first, so that the kernel does not repeat a call of which a part may have been paid.
  outcomes.sort((one, other) => rankOf(one) - rankOf(other));
  const resumed = outcomes.filter((one) => one.status === 'fulfilled' && one.value.isResumed).length;
  const parameters = { delivery: 'direct', endpoint: means.endpoint, ...(resumed > 0 ? { resumed } : {}) };
  const images = outcomes.map((one) =>
    one.status === 'fulfilled' ? { status: one.status, value: one.value.image } : one,
  );
  return { ...picturesOf(images, bodies.length), parameters };
}

/**
 * Asks again for images that cannot have been paid, where others of the call have been made. A call of which
 * nothing was made is the kernel's to repeat.
 */
async function makeMissing(
  outcomes: PromiseSettledResult<Made>[],
  makeAt: (index: number) => Promise<Made>,
  signal: AbortSignal,
): Promise<void> {
  for (let round = 0; round < mostRounds && outcomes.some(({ status }) => status === 'fulfilled'); round++) {
    const missing = outcomes.flatMap((outcome, index) => (mayPass(outcome) ? [index] : []));
    if (missing.length === 0) return;
    const asked = missing.map((index) => (outcomes[index] as PromiseRejectedResult).reason.retryAfterMs ?? 0);
    const pauseMs = Math.max(firstPauseMs * 2 ** round, ...asked);
    if (pauseMs > longestPauseMs || signal.aborted) return;
    await pause(pauseMs, undefined, { signal }).catch(() => {});
    for (let from = 0; from < missing.length; from += parallel) {
      const some = missing.slice(from, from + parallel);
      for (const [place, outcome] of (await settleAll(some, makeAt)).entries())
        outcomes[some[place] as number] = outcome;
    }
  }
}

const settleAll = (indexes: readonly number[], makeAt: (index: number) => Promise<Made>) =>
  Promise.allSettled(indexes.map(makeAt));

/** Whether an image failed in a way that may pass, and was not paid. */
function mayPass(outcome: PromiseSettledResult<Made>): boolean {
  if (outcome.status === 'fulfilled' || !EaselError.isInstance(outcome.reason)) return false;
  const { code, mayBePaid } = outcome.reason;
  return !mayBePaid && (code === 'ERR_PROVIDER_RATE_LIMITED' || code === 'ERR_PROVIDER_UNAVAILABLE');
}

interface Made {
  readonly image: Image;
  readonly isResumed: boolean;
}

/** What may have been paid, what is final, and last what the kernel tries again by itself. */
function rankOf(outcome: PromiseSettledResult<Made>): number {
  if (outcome.status === 'fulfilled') return 0;
  const { mayBePaid, retryable } = outcome.reason as EaselError;
  return mayBePaid ? 0 : retryable ? 2 : 1;
}

/**
 * Makes one picture. There is no way to ask what has become of a request without an answer: only what cannot
 * have been paid has a code that the kernel tries again by itself. A picture that has to be fetched is
 * fetched again, and never made again.
 */
async function makeOne(
  { client, requests, config, endpoint }: DirectMeans,
  { body, seed }: PictureBody,
  index: number,
  { inputImages, outputFormat }: GenerationRequest,
  call: PaidCall,
): Promise<Made> {
  const { image: _, ...fields } = body;
  const { text, isResumed, replace } = await requests.ask(call, [endpoint, index, body], async (stop) => {
    const answering =
      inputImages.length === 0
        ? client.generate(endpoint.replace(/^\/v1/, ''), fields, stop)
        : client.edit(inputImages.map(asFile), fields, stop);
    const answer = await answering.catch((error: unknown) => {
      throw withRisk(error);
    });
    return JSON.stringify(answer);
  });
  const { signal } = call;
  const picture = await readPicture(text, { outputFormat, config, signal, replace }).catch(
    (error: unknown) => {
      throw EaselError.isInstance(error) ? unread(error) : error;
    },
  );
  return { image: seed === undefined ? picture : { ...picture, seed }, isResumed };
}

/** A failure that leaves open whether the picture was made says so. */
function withRisk(error: unknown): unknown {
  if (!EaselError.isInstance(error)) return error;
  const { code, message } = error;
  if (code !== 'ERR_PROVIDER_BAD_RESPONSE' && code !== 'ERR_DEADLINE' && !isOfGateway(error)) return error;
  return new EaselError({
    code: code === 'ERR_DEADLINE' ? code : 'ERR_PROVIDER_BAD_RESPONSE',
    message: `${message} It may have been paid.`,
    hint: 'Send the call again if you take the risk of paying twice.',
    mayBePaid: true,
    cause: error,
  });
}

/** What stands before the API answers 5xx without an error of the API, and may have passed the request on. */
const isOfGateway = ({ cause }: EaselError): boolean =>
  cause instanceof APIError && (cause.status ?? 0) >= 500 && cause.error === undefined;

function asFile({ bytes, mediaType }: GenerationRequest['inputImages'][number], index: number): File {
  const ending = mediaType.replace('image/', '');
  return new File([new Uint8Array(bytes)], `input-${index + 1}.${ending}`, { type: mediaType });
}
