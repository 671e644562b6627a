import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inParallel, type Shot, send, slowest, tally } from './send.js';
import { answerMs, underAttack } from './under-attack.js';

const generate: Shot = {
  method: 'POST',
  path: '/v1/images/generations',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ prompt: 'a fixture', model: 'steady-one' }),
};

function open(url: string, text: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(text);
  return socket;
}

const head = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

it('600 clients that send a byte a second, in headers, bodies and files, keep nobody else waiting', () =>
  underAttack('slow senders', async ({ url }) => {
    const beginnings = [
      'GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ',
      `${head('/v1/images/generations', 10_000)}{"prompt":"`,
      `${head('/v1/images/generations', 60_000_000)}{"prompt":"`,
    ];
    const sockets = Array.from({ length: 600 }, (_, index) => open(url, beginnings[index % 3] as string));
    const dripping = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('a');
    }, 1_000);
    const answers = await inParallel(Array<Shot>(400).fill(generate), 8, async (shot) => {
      await delay(200);
      return await send(url, shot);
    });
    // Those of large bodies have given their places back by now.
    const large = { ...generate, body: JSON.stringify({ prompt: 'a', mask: 'A'.repeat(20_000_000) }) };
    await expect
      .poll(async () => (await send(url, large)).status, { timeout: 25_000, interval: 1_000 })
      .toBe(200);
    clearInterval(dripping);
    for (const socket of sockets) socket.destroy();
    expect(tally(answers)).toEqual({ 200: 400 });
    expect(slowest(answers)).toBeLessThan(answerMs);
    return { ...tally(answers), slowestMs: slowest(answers) };
  }));

it('300 clients that read nothing of large answers and of event streams', () =>
  underAttack('slow readers', async ({ url }) => {
    const body = JSON.stringify({
      prompt: 'a star',
      model: 'picturebook',
      size: '96x96',
      steps: 1,
      seed: 7,
      response_format: 'b64_json',
    });
    const streamed = JSON.stringify({
      prompt: 'a fixture',
      stream: true,
      partial_images: 3,
      provider_options: { steady: { delayMs: 5_000 } },
    });
    const text = (json: string) => head('/v1/images/generations', Buffer.byteLength(json)) + json;
    const openApi = 'GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(100);
    const sockets = Array.from({ length: 300 }, (_, index) => {
      const socket = open(url, [text(body), text(streamed), openApi][index % 3] as string);
      socket.pause();
      return socket;
    });
    const answers = await inParallel(Array<Shot>(200).fill(generate), 4, async (shot) => {
      await delay(200);
      return await send(url, shot);
    });
    for (const socket of sockets) socket.destroy();
    expect(tally(answers)).toEqual({ 200: 200 });
    expect(slowest(answers)).toBeLessThan(answerMs);
    return { ...tally(answers), slowestMs: slowest(answers) };
  }));
