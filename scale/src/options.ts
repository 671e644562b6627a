import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';

const redisUrl = z.url({ protocol: /^rediss?$/ });
const seconds = z.number().min(1).max(3_600);

/** The setting `scale` of `easel.config.json`. */
const optionsSchema = z.strictObject({
  /**
   * The Redis or Valkey that brings the jobs: its URL, those of the sentinels that know which one is the
   * master of that name, or those of some nodes of a cluster. Its password is the secret
   * EASEL_REDIS_PASSWORD.
   */
  redis: z.union([
    redisUrl,
    z.strictObject({ sentinels: z.array(redisUrl).min(1), master: z.string().min(1) }),
    z.strictObject({ cluster: z.array(redisUrl).min(1) }),
  ]),
  s3: z.strictObject({
    /** Address of the S3 server, such as https://s3.eu-central-1.amazonaws.com. */
    endpoint: z.url({ protocol: /^https?$/ }),
    /** One that is there already. */
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
    region: z.string().min(1).default('us-east-1'),
    /** Beginning of the names of all objects, for a bucket that has others. Absent: none. */
    prefix: z
      .string()
      .regex(/^([\w.-]+\/)*$/, 'must be letters, digits and slashes, and end with a slash')
      .default(''),
  }),
  /** Servers with the same one work together; others may use the same Redis. */
  name: z
    .string()
    .regex(/^[\w-]{1,50}$/)
    .default('easel'),
  /** Seconds without a sign of life after which a worker's job is given to another one. */
  leaseSeconds: seconds.default(10),
  /** Seconds that a job waits for the worker on which it may have been paid, before it fails. */
  returnSeconds: seconds.default(60),
  /** How often and how many at once all workers together ask a provider, by its pipeline type. */
  limits: z
    .record(
      z.string(),
      z.strictObject({
        /** Jobs that begin in a minute. Absent: as many as there are. */
        perMinute: z.int().min(1).max(1_000_000).optional(),
        /** Jobs at work at once. Absent: as many as the workers have places. */
        atOnce: z.int().min(1).max(1_000_000).optional(),
      }),
    )
    .default({}),
  /** Seconds that a job waits for a worker that has its model before another one loads that model. */
  patienceSeconds: seconds.default(30),
  /** Seconds that jobs wait for workers that could do them, were there, and are gone. */
  absentSeconds: seconds.default(600),
  /** Seconds between two looks for jobs that were accepted and that the queue has lost. */
  reconcileSeconds: seconds.default(30),
});
export type ScaleOptions = z.output<typeof optionsSchema>;
export type LaneLimit = ScaleOptions['limits'][string];

/** Throws ERR_CONFIG_INVALID. */
export function readOptions(settings: unknown): ScaleOptions {
  const parsed = optionsSchema.safeParse(settings);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: `${['scale', ...(issue?.path ?? [])].join('.')}: ${issue?.message}.`,
    hint: 'docs/scale-out.md lists the settings.',
  });
}
