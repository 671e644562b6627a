import type { GenerationRequest, GenerationResult } from '@easel/plugin-sdk';
import { type BatchCall, type Batches, picturesOf } from '@easel/plugin-sdk/batch';
import { resultWarnings } from '@easel/plugin-sdk/provider';
import { type Answer, answerSchema } from '../answer/answer.js';
import { batchPrices, costOf } from '../answer/cost.js';
import { readFile, readImage } from '../answer/read-image.js';
import type { FoundServer } from '../find-server.js';
import { fingerprintOf } from '../fingerprint.js';
import { requestFields } from '../request/fields.js';
import { writeLineBody } from '../request/write-body.js';
import type { Config, Options } from '../settings.js';

export interface BatchMeans {
  readonly batches: Batches;
  readonly server: FoundServer;
  readonly config: Config;
}

/** platform.openai.com/docs/guides/batch: the only one there is. */
const completionWindow = '24h';

/** Makes images by durable batches, a line each. Lines of one batch are of one model. */
export async function makeByBatch(
  { batches, server, config }: BatchMeans,
  request: GenerationRequest,
  options: Options,
  call: BatchCall,
): Promise<GenerationResult> {
  const { n, outputFormat, requestId } = request;
  const { fields, warnings } = requestFields(server, request, options);
  const { path, body } = await writeLineBody(server, fields, request);
  const endpoint = new URL(server.baseUrl).pathname.replace(/\/$/, '') + path;
  const target = { endpoint, completionWindow, model: String(fields.model) };
  const { callName } = options;
  const fingerprint = fingerprintOf({ ...fields, endpoint, callName: callName ?? null }, request);
  const isRepeatable = callName !== undefined;
  const asks = Array.from({ length: n }, () => ({ target, body, fingerprint, requestId, isRepeatable }));
  const answers: Answer[] = [];
  const names = new Set<string>();
  let resumed = 0;
  const outcomes = await batches.request(asks, call, async (delivery) => {
    const answer = answerSchema.parse(JSON.parse(delivery.body));
    const [picture = {}] = answer.data;
    const bytes = await readFile(picture, { server, config, signal: call.signal });
    if (!picture.b64_json) {
      // Addresses expire. One that cannot be written down is used all the same.
      const data = [{ b64_json: Buffer.from(bytes).toString('base64') }];
      await delivery.replace(JSON.stringify({ ...answer, data })).catch(() => {});
    }
    const image = await readImage(bytes, outputFormat, server.name);
    answers.push(answer);
    if (delivery.batchId !== undefined) names.add(delivery.batchId);
    if (delivery.isResumed) resumed += 1;
    return image;
  });
  const { images, warnings: missing = [] } = picturesOf(outcomes);
  const prices = batchPrices(options.prices);
  const cost = costOf(answers, prices);
  return {
    images,
    warnings: [...warnings, ...missing, ...resultWarnings({ ...request, n: images.length }, { images })],
    ...(cost ? { cost } : {}),
    parameters: {
      server: server.id,
      delivery: 'batch',
      batches: [...names],
      ...(resumed > 0 ? { resumed } : {}),
      ...(cost && prices ? { pricesAsOf: prices.asOf } : {}),
    },
  };
}
