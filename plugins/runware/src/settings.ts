/**
 * What can be set of the plugin in `easel.config.json`.
 *
 * @module
 */
import { z } from 'zod';

const milliseconds = (defaultMs: number, least = 1, most = 86_400_000) =>
  z.int().min(least).max(most).default(defaultMs);

export const configSchema = z
  .strictObject({
    webSocketUrl: z
      .url({ protocol: /^wss?$/ })
      .default('wss://ws-api.runware.ai/v1')
      .describe('Where WebSockets connect to. Absent: at Runware.'),
    httpUrl: z
      .url({ protocol: /^https?$/ })
      .default('https://api.runware.ai/v1')
      .describe('Where requests over HTTP go. Absent: at Runware.'),
    transport: z
      .enum(['auto', 'websocket', 'http'])
      .default('auto')
      .describe('What carries tasks; auto: WebSockets, and HTTP where they are blocked. Absent: auto.'),
    connections: z
      .int()
      .min(1)
      .max(16)
      .default(2)
      .describe('WebSockets that tasks are spread over, opened when they are needed, up to 16. Absent: 2.'),
    httpRequests: z.int().min(1).max(256).default(32).describe('Requests over HTTP at once. Absent: 32.'),
    handshakeMs: milliseconds(10_000).describe(
      'Milliseconds one connection may take, the key being accepted included. Absent: 10,000.',
    ),
    connectMs: milliseconds(20_000).describe(
      'Milliseconds that a task which has not been sent yet waits for a connection, all tries together. Absent: 20,000.',
    ),
    requestMs: milliseconds(150_000).describe(
      'Milliseconds one request over HTTP may take. Absent: 150,000.',
    ),
    pingMs: milliseconds(30_000, 10, 100_000).describe(
      'Milliseconds of silence after which a ping is sent; Runware closes after 120,000. Absent: 30,000.',
    ),
    pongMs: milliseconds(10_000).describe(
      'Milliseconds after a ping without a word after which the connection is taken to be dead. Absent: 10,000.',
    ),
    idleMs: milliseconds(300_000).describe(
      'Milliseconds without a task after which a connection is closed. Absent: 300,000.',
    ),
    sessionMs: milliseconds(120_000).describe(
      'Milliseconds after a loss within which a session is resumed. Absent: 120,000, as long as Runware keeps one.',
    ),
    firstPollMs: milliseconds(1_000).describe(
      'Milliseconds until a task is asked about for the first time; half as long again each time. Absent: 1,000.',
    ),
    longestPollMs: milliseconds(10_000).describe(
      'Milliseconds that the pauses between two questions grow to. Absent: 10,000.',
    ),
    answerMs: milliseconds(15_000).describe(
      'Milliseconds within which a question about a task has to be answered, or is asked again. Absent: 15,000.',
    ),
    silenceMs: milliseconds(300_000).describe(
      'Milliseconds without a word about a sent task after which its call fails; the task stays in the journal. Absent: 300,000.',
    ),
    keepMs: milliseconds(86_400_000, 0, 7 * 86_400_000).describe(
      'Milliseconds that a task whose call was lost is kept for the same call to be sent again, which then is not paid twice; 0: not at all. Absent: a day.',
    ),
    pictureMs: milliseconds(60_000).describe(
      'Milliseconds that fetching a picture from its address may take. Absent: 60,000.',
    ),
    allowPrivateAddresses: z
      .boolean()
      .default(false)
      .describe(
        'Whether pictures may be fetched from private addresses and over http, for tests. Absent: no.',
      ),
  })
  .refine(({ firstPollMs, longestPollMs }) => firstPollMs <= longestPollMs, {
    path: ['firstPollMs'],
    message: 'is larger than longestPollMs',
  });
export type Config = z.output<typeof configSchema>;
