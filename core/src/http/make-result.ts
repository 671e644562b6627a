import type { Image, ImageRequest } from '@easel/plugin-sdk';
import { EaselError } from '@easel/plugin-sdk';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StoredJob } from '../jobs/job-store.js';
import { embedProvenance } from '../results/embed-provenance.js';
import type { ImageResult } from '../results/image-result.js';
import { priorityOf } from './access/priority.js';
import { cachedResult } from './cached-result.js';
import { abortOnDisconnect } from './disconnect.js';
import type { Doors } from './doors.js';
import { HttpError } from './errors.js';
import type { Wishes } from './request-fields.js';

/**
 * The pictures of a call, with their provenance in them. A call with an `Idempotency-Key`, or whose work is to be kept when its caller
 * goes away, is made as a job: it is made once, however often it is asked for, and what it has made stays.
 */
export async function makeResult(
  doors: Doors,
  asked: ImageRequest,
  { onDisconnect, cache, priority: wished }: Wishes,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<ImageResult> {
  const signal = abortOnDisconnect(reply);
  const caller = request.apiKey?.id;
  const priority = priorityOf(request, wished);
  const idempotencyKey = keyOf(request);
  const isKept = (onDisconnect ?? doors.configuration.onDisconnect) === 'store';
  if (idempotencyKey === undefined && !isKept)
    return await cachedResult(doors, asked, { caller, reply, cache }, async () =>
      embedProvenance(await doors.generateImage(asked, { signal, caller, priority })),
    );
  const { job } = await submitJob(doors, {
    caller: caller ?? '',
    request: asked,
    priority,
    idempotencyKey,
  });
  reply.header('easel-job', job.id);
  return await resultOf(doors, await doors.jobs.ended(job.id, signal));
}

/** Accepts a job. Throws status 422 where its key was used for something else. */
export async function submitJob(
  { jobs }: Doors,
  job: Parameters<Doors['jobs']['submit']>[0],
): Promise<Awaited<ReturnType<Doors['jobs']['submit']>>> {
  const accepted = await jobs.submit(job);
  if (!accepted.isNew && !accepted.isSame)
    throw new HttpError(
      422,
      'idempotency_key_reused',
      'This Idempotency-Key was used for another request; take a new one.',
    );
  return accepted;
}

export function keyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && key.length > 0 && key.length <= 255) return key;
  throw new HttpError(400, 'invalid_request', 'Idempotency-Key: must have 1 to 255 characters');
}

async function resultOf({ results }: Doors, { state, error, result }: StoredJob): Promise<ImageResult> {
  if (error) throw new EaselError(error);
  if (!result) throw new EaselError({ code: 'ERR_ABORTED', message: `The job is ${state}.` });
  const images: Image[] = [];
  for (const { name, mediaType, width, height, seed } of result.images) {
    const bytes = await results.read(name);
    if (!bytes) throw new HttpError(410, 'result_gone', 'The picture was made, and is kept no longer.');
    const image = { bytes: new Uint8Array(bytes), mediaType, width, height };
    images.push(seed === undefined ? image : { ...image, seed });
  }
  return { ...result, images };
}
