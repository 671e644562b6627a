import type { OpenSharedParts, SharedHost } from '@easel/core/scale';
import { EaselError } from '@easel/plugin-sdk';
import { laneOfHome, laneOfProvider, lanesOf, providersOf } from './lanes/lane.js';
import { readOptions, type ScaleOptions } from './options.js';
import { ObjectDocuments } from './records/object-documents.js';
import { ObjectJobRecords } from './records/object-job-records.js';
import { ObjectResultStore } from './records/object-result-store.js';
import { connectForCommands } from './redis/connect.js';
import { JobChannel } from './redis/job-channel.js';
import { JobConsumer } from './redis/job-consumer.js';
import { JobTransport } from './redis/job-transport.js';
import { prefixOf } from './redis/names.js';
import { RedisCharges } from './redis/redis-charges.js';
import { RedisRequestCounts } from './redis/redis-request-counts.js';
import { S3Objects } from './s3/s3-objects.js';
import { SharedJobQueue } from './shared-job-queue.js';
import { ToldEnds } from './told-ends.js';

/**
 * Opens what servers on several machines share: a queue in Redis, and records and images in S3. Rejects with
 * ERR_CONFIG_INVALID for settings that are wrong, and with ERR_STORAGE where one of both is not there.
 */
export const openSharedParts: OpenSharedParts = async (settings, host) => {
  const options = readOptions(settings);
  const {
    redis: servers,
    s3,
    name,
    leaseSeconds,
    reconcileSeconds,
    returnSeconds,
    patienceSeconds,
    absentSeconds,
  } = options;
  const objects = new S3Objects(s3, {
    id: required(host.secret, 'AWS_ACCESS_KEY_ID'),
    secret: required(host.secret, 'AWS_SECRET_ACCESS_KEY'),
    session: host.secret('AWS_SESSION_TOKEN'),
  });
  await objects.assertConditional();
  const place = { servers, password: host.secret('EASEL_REDIS_PASSWORD') };
  const transport = new JobTransport(place, name);
  const channel = new JobChannel(place, name);
  await transport.probe().catch(async (error: unknown) => {
    channel.close();
    await transport.close();
    throw error;
  });
  warnOfLimits(options.limits, host);
  await limitProviders(transport, options.limits, host);
  // A Redis that has lost all that it has knows of no limits either.
  transport.onReady(() => void limitProviders(transport, options.limits, host).catch(() => {}));
  const results = new ObjectResultStore(objects, 'results/');
  const records = new ObjectJobRecords(objects, host.storageId);
  const jobs = new SharedJobQueue({
    host,
    records,
    transport,
    channel,
    results,
    inputs: new ObjectResultStore(objects, 'inputs/'),
    reconcileMs: reconcileSeconds * 1_000,
    returnMs: returnSeconds * 1_000,
    consume: (worker) =>
      new JobConsumer(
        place,
        {
          ...{ name, leaseMs: leaseSeconds * 1_000, patienceMs: patienceSeconds * 1_000 },
          ...{ absentMs: absentSeconds * 1_000 },
          ...{ atOnce: host.atOnce, lanes: () => [...lanesOf(host.models()), laneOfHome(host.storageId)] },
        },
        worker,
      ),
  });
  const counting = connectForCommands(place);
  const documents = new ObjectDocuments(objects, channel);
  documents.start(reconcileSeconds * 1_000);
  channel.listen(({ type, id }) => {
    if (type === 'document') void documents.look(id).catch(() => {});
  });
  return {
    jobs,
    results,
    charges: new RedisCharges(counting, prefixOf(name)),
    requestCounts: new RedisRequestCounts(counting, prefixOf(name)),
    documents,
    ends: new ToldEnds(records, channel, host.logger),
    async close() {
      documents.close();
      counting.disconnect();
      channel.close();
      await transport.close();
    },
  };
};

/** Has all workers together ask each provider so often only. */
async function limitProviders(
  transport: JobTransport,
  limits: ScaleOptions['limits'],
  { models }: SharedHost,
): Promise<void> {
  for (const provider of providersOf(models()))
    await transport.limit(laneOfProvider(provider), limits[provider] ?? {});
}

function warnOfLimits(limits: ScaleOptions['limits'], { models, logger }: SharedHost): void {
  const providers = providersOf(models());
  for (const provider of Object.keys(limits))
    if (!providers.includes(provider))
      logger.warn(
        `scale.limits: no model of this server is made by "${provider}"; there are: ${providers.join(', ')}.`,
      );
}

function required(secret: (name: string) => string | undefined, name: string): string {
  const value = secret(name);
  if (value) return value;
  throw new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: `scale.s3: the secret ${name} is not set.`,
    hint: `Set it in the environment, or in the secrets file.`,
  });
}
