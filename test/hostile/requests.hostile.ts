import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { seeded } from '../fixtures/seeded.js';
import { type Description, drawRequest } from './draw-request.js';
import { inParallel, send, slowest, tally } from './send.js';
import { answerMs, underAttack } from './under-attack.js';

const seed = Number(process.env.EASEL_HOSTILE_SEED ?? 7);
const requests = 10_000;
const connections = 1_500;
const atOnce = 24;
/** What a server may answer that has no defect: it is asked too much, or has no more time. */
const allowed = new Set([502, 503, 504, 507]);

it(`${requests} drawn requests to all routes of /openapi.json (seed ${seed})`, () =>
  underAttack('requests', async ({ url }) => {
    const description = (await (await fetch(`${url}/openapi.json`)).json()) as Description;
    const random = seeded(seed);
    const shots = Array.from({ length: requests }, () => drawRequest(description, random));
    const answers = await inParallel(shots, atOnce, (shot) => send(url, shot));
    const wrong = answers
      .map((answer, index) => ({ ...answer, shot: JSON.stringify(shots[index]).slice(0, 300) }))
      .filter(({ status }) => status === 0 || (status >= 500 && !allowed.has(status)));
    expect(wrong.slice(0, 5)).toEqual([]);
    const late = answers.flatMap(({ milliseconds, status }, index) =>
      milliseconds < answerMs
        ? []
        : [`${Math.round(milliseconds)} ms: ${status} ${JSON.stringify(shots[index]).slice(0, 600)}`],
    );
    expect(late).toEqual([]);
    return { seed, ...tally(answers), slowestMs: slowest(answers) };
  }));

/** What is not HTTP, or hardly. */
const raw: readonly string[] = [
  '\0\0\0\0',
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/9.9\r\nhost: x\r\n\r\n',
  'GET http://x/healthz HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'GET //// HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'GET /%zz HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n',
  'CONNECT x:1 HTTP/1.1\r\nhost: x:1\r\n\r\n',
  `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`,
  `GET / HTTP/1.1\r\nhost: localhost\r\n${'a: b\r\n'.repeat(20_000)}\r\n`,
  'GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
  'POST /v1/images/generations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}{}{}',
  'POST /v1/images/generations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'POST /v1/images/generations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n',
  'POST /v1/images/generations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n{}',
  'POST /v1/images/generations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: -1\r\n\r\n',
  'POST /v1/images/generations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99999999999999999999\r\n\r\n',
  'POST /v1/images/edits HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 1000\r\n\r\n--x\r\n',
  'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
  'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(500),
  'POST /v1/images/generations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n{"prompt":"a"}'.repeat(
    20,
  ),
];

type Ending = 'answer' | 'half' | 'reset' | 'end';

/** Writes it and waits for the first of what comes back, or leaves in a way of its own. */
const throwAt = (url: string, text: string, ending: Ending) =>
  new Promise<void>((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.setTimeout(500, () => socket.destroy());
    socket.on('error', () => {}).on('close', () => resolve());
    socket.on('data', () => ending === 'answer' && socket.destroy());
    socket.write(text, 'latin1');
    if (ending === 'half') socket.end();
    if (ending === 'reset') setImmediate(() => socket.resetAndDestroy());
  });

it(`${connections} connections of garbage, half closed, pipelined or reset`, () =>
  underAttack('connections', async ({ url }) => {
    const random = seeded(seed);
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
    const endings: readonly Ending[] = ['answer', 'half', 'reset', 'end'];
    const shots = Array.from({ length: connections }, () => {
      const text = pick(raw);
      const cut = random() < 0.3 ? text.slice(0, Math.floor(random() * text.length)) : text;
      return { text: cut, ending: pick(endings) };
    });
    await inParallel(shots, atOnce, ({ text, ending }) => throwAt(url, text, ending));
    return { seed, connections };
  }));
