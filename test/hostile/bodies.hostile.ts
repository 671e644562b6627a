import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { inParallel, type Shot, send, slowest, tally } from './send.js';
import { answerMs, underAttack } from './under-attack.js';

const mebibyte = 1024 * 1024;
const bytes = 60 * mebibyte;
const doors = [
  '/v1/images/generations',
  '/api/images/generate',
  '/api/images/jobs',
  '/sdapi/v1/txt2img',
  '/sdapi/v1/img2img',
  '/mcp',
];

/** Bodies that parsers, validators or whoever looks at their values would take long for. */
function bombs(): Buffer[] {
  const fill = (head: string, unit: string, tail: string) =>
    Buffer.from(head + unit.repeat((bytes - head.length - tail.length) / unit.length) + tail);
  return [
    fill('{"prompt":"a","provider_options":{"zzz":{"x":[', '[],', '[]]}}}'),
    fill('{"prompt":"a","provider_options":{"steady":{"x":[', '{"a":1},', '1]}}}'),
    fill('{"prompt":"a","x":[', '0,', '0]}'),
    fill('[', '[', ''),
    fill('{"prompt":', '{"a":', ''),
    fill('{"prompt":"', '\\u0041', '"}'),
    fill('{"prompt":"', '\\"', '"}'),
    fill('{"prompt":"a"', ' ', '}'),
    fill('{', '"a":1,', '"prompt":"a"}'),
    fill('{"prompt":"a","mask":"', 'A', '"}'),
    fill('{"prompt":"', 'A', '"}'),
    fill('{"prompt":"a","init_images":["data:image/png;base64,', 'iVBORw0KGgo', '"]}'),
    fill('{"seed":', '9', '}'),
    fill('"', '\u00e9', '"'),
  ];
}

const jsonType = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

it('60 MB of wide, deep or odd JSON is refused at every door', () =>
  underAttack('JSON', async ({ url }) => {
    const answers = [];
    for (const body of bombs()) {
      const shots = doors.map((path): Shot => ({ method: 'POST', path, headers: jsonType, body }));
      answers.push(...(await inParallel(shots, 3, (shot) => send(url, shot))));
    }
    const zipped = gzipSync(Buffer.alloc(bytes, ' '));
    const headers = { ...jsonType, 'content-encoding': 'gzip' };
    answers.push(await send(url, { method: 'POST', path: '/v1/images/generations', headers, body: zipped }));
    expect(slowest(answers)).toBeLessThan(answerMs);
    // Automatic1111's API passes over fields that it does not know; large bodies take turns.
    const wrong = answers.filter(
      ({ status }) => status !== 503 && status !== 200 && (status < 400 || status >= 500),
    );
    expect(wrong).toEqual([]);
    return { ...tally(answers), slowestMs: slowest(answers) };
  }));

it('forms that never end, have too many parts or are not forms are refused', () =>
  underAttack('forms', async ({ url }) => {
    const field = (name: string, value: string) =>
      `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const file = '--x\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n';
    const bodies = [
      field('prompt', 'a').repeat(100_000),
      field('prompt', 'a'.repeat(10 * mebibyte)),
      `${file}${'a'.repeat(bytes)}`,
      `${file}a\r\n`.repeat(50_000),
      `--x\r\ncontent-disposition: form-data; name="${'a'.repeat(10 * mebibyte)}"\r\n\r\na\r\n--x--`,
      '--x\r\n'.repeat(mebibyte),
      '\r\n'.repeat(10 * mebibyte),
      `--x\r\n${'a: b\r\n'.repeat(mebibyte)}`,
    ].map((text) => Buffer.from(text));
    const shots = ['boundary=x', '', 'boundary=', `boundary=${'y'.repeat(1_000)}`].flatMap((boundary) =>
      bodies.map(
        (body): Shot => ({
          method: 'POST',
          path: '/v1/images/edits',
          headers: { 'content-type': `multipart/form-data; ${boundary}` },
          body,
        }),
      ),
    );
    const answers = await inParallel(shots, 4, (shot) => send(url, shot));
    expect(slowest(answers)).toBeLessThan(answerMs);
    const wrong = answers.filter(({ status }) => status !== 503 && (status < 400 || status >= 500));
    // Whoever is refused before all is sent may see the connection end.
    expect(wrong.filter(({ status }) => status !== 0)).toEqual([]);
    return { ...tally(answers), slowestMs: slowest(answers) };
  }));
