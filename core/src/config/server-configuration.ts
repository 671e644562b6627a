import { z } from 'zod';

const dollars = z.number().nonnegative().max(1_000_000_000);

/** The part of `easel.config.json` that the HTTP server reads. */
export const serverConfigurationSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Address that it listens on. Absent: loopback only.'),
  port: z.int().min(0).max(65_535).default(8190).describe('0: one that is free. Absent: 8190.'),
  publicUrl: z
    .url()
    .optional()
    .describe('Where callers reach it, for the URLs that it answers. Absent: as the request says.'),
  prefix: z
    .string()
    .regex(/^(\/[\w.~-]+)+$/, 'must be a path such as "/easel", without a slash at its end')
    .optional()
    .describe(
      'Path under which a proxy has the server, whether the proxy takes it off or not. Absent: the path of `publicUrl`.',
    ),
  hosts: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Names by which it is asked where there are no keys, besides those of this machine, `host` and the one of `publicUrl`. Absent: none.',
    ),
  openWithoutKeys: z
    .boolean()
    .default(false)
    .describe('Whether it listens beyond loopback although there are no keys. Absent: no.'),
  role: z
    .enum(['gateway', 'worker', 'all'])
    .default('all')
    .describe(
      'What it does among servers that share the work by `scale`: it answers callers, does jobs, or both. Absent: all.',
    ),
  onDisconnect: z
    .enum(['cancel', 'store'])
    .default('cancel')
    .describe(
      'What becomes of the work of a caller that goes away: it is cancelled, or finished and kept as a job. Absent: cancel.',
    ),
  jobsAtOnce: z.int().min(1).max(1_000).default(8).describe('Jobs at work at once. Absent: 8.'),
  jobsPerKey: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1_000)
    .describe(
      'Jobs of a key that may wait at once, or of all callers where there are no keys; more are refused. Absent: 1,000.',
    ),
  budgetPerDay: dollars
    .optional()
    .describe(
      'US dollars that the calls of all callers may cost in a day (UTC), by estimates until the cost is known; beyond it calls that cost money are answered status 402. Absent: no limit.',
    ),
  budgetPerKey: dollars
    .optional()
    .describe(
      'The same for each key that has no budget of its own, or for all callers where there are no keys. Absent: no limit.',
    ),
  privateAddresses: z
    .boolean()
    .default(false)
    .describe(
      'Whether webhooks may lead to, and input images be fetched from, addresses that are not public. Absent: no.',
    ),
  closeSeconds: z
    .number()
    .min(1)
    .max(3_600)
    .default(10)
    .describe(
      'Seconds within which it ends once it is told to; calls that take longer are answered status 503, and jobs are put back. Absent: 10.',
    ),
  bodyMb: z.int().min(1).max(1_000).default(64).describe('Largest body of a request in MiB. Absent: 64.'),
  corsOrigins: z
    .array(z.string())
    .default([])
    .describe('Origins whose pages may call it from a browser; "*" is all. Absent: none.'),
  modelFolders: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Folders with files that requests over HTTP may name in the options of plugins, such as LoRAs: by their path below the folder. Absent: none; ids of models are always understood.',
    ),
  cacheResults: z
    .boolean()
    .default(true)
    .describe(
      'Whether a request with a fixed seed, or one that asks for it, may be answered with the pictures that were made of it before. Absent: yes.',
    ),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least level that `easel serve` logs. Absent: info.'),
  logFormat: z
    .enum(['auto', 'json', 'pretty'])
    .default('auto')
    .describe('JSON, a line an entry, or text for people. Absent: text on a terminal, and else JSON.'),
  accessLog: z
    .boolean()
    .default(true)
    .describe('Whether each request is logged when it has ended; probes are at level debug. Absent: yes.'),
  resultDays: z
    .number()
    .positive()
    .default(30)
    .describe('Days for which pictures and jobs are kept. Absent: 30.'),
  resultsMb: z
    .int()
    .min(10)
    .default(10_000)
    .describe('MiB of pictures that are kept; the oldest go first. Absent: 10,000.'),
});
export type ServerConfiguration = z.output<typeof serverConfigurationSchema>;
