import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../core/src/http/body/parse-json.js';
import { jsonLimit, valueLimit } from '../../core/src/http/body/scan-json.js';
import { jsonOf, startServer, type TestServer } from './server.js';

/** Every route that takes JSON, and what its answers to errors look like. */
const doors = [
  '/v1/images/generations',
  '/api/images/generate',
  '/api/images/jobs',
  '/sdapi/v1/txt2img',
  '/sdapi/v1/options',
  '/mcp',
  '/api/images/models/current',
];

const sendRaw = (server: TestServer, path: string, body: string | Buffer, headers = {}) =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      // What the Model Context Protocol asks of its clients.
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });

const wide = `{"prompt":"a","provider_options":{"zzz":{"x":[${'[],'.repeat(300_000)}[]]}}}`;
const refusals: readonly (readonly [string, string | Buffer, number])[] = [
  ['900 kB of empty arrays', wide, 400],
  ['100,000 levels', '['.repeat(100_000), 400],
  ['levels that are closed again', `{"prompt":${'['.repeat(40)}${']'.repeat(40)}}`, 400],
  ['more text than JSON may have', JSON.stringify({ prompt: 'a b '.repeat(jsonLimit / 4) }), 413],
  ['spaces', ' '.repeat(2 * jsonLimit), 413],
  ['a name that reaches into prototypes', '{"prompt":"a","__proto__":{"x":1}}', 400],
  ['the same, inside', '{"prompt":"a","provider_options":{"steady":{"__proto__":{}}}}', 400],
  ['a number that is none', '{"prompt":"a","seed":1e999}', 400],
  ['half of a surrogate pair', '{"prompt":"\\ud800"}', 400],
  ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400],
  ['torn JSON', '{"prompt":"a"', 400],
  ['no JSON', 'prompt=a', 400],
  ['a list of a number', '[1]', 400],
  ['nothing', '', 400],
];

describe('a body that is not well', () => {
  it.each(refusals)('%s: refused as the mistake of its caller, at every door', async (_, body, status) => {
    const server = await startServer();
    for (const path of doors) {
      const response = await sendRaw(server, path, body);
      const text = await response.text();
      // Automatic1111's clients may leave everything out.
      if (path.startsWith('/sdapi/') && (body === '' || body === '[1]')) continue;
      expect(`${path} ${response.status} ${text.slice(0, 200)}`).toContain(`${path} ${status}`);
      if (path !== '/mcp' || body === wide) expect(response.headers.get('x-should-retry')).toBe('false');
    }
  });

  it('a call of more messages than one body may have is refused', async () => {
    const server = await startServer();
    const call = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'list_models', arguments: {} },
    };
    const response = await sendRaw(server, '/mcp', JSON.stringify(Array(1_000).fill(call)));
    expect(response.status).toBe(400);
  });

  it('a compressed one is refused, and not unpacked', async () => {
    const server = await startServer();
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '));
    const response = await sendRaw(server, '/v1/images/generations', bomb, { 'content-encoding': 'gzip' });
    expect(response.status).toBe(415);
    expect(await response.text()).toContain('content-encoding');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml'])(
    'one of %s is told which type is read',
    async (type) => {
      const server = await startServer();
      const response = await sendRaw(server, '/v1/images/generations', '{"prompt":"a"}', {
        'content-type': type,
      });
      expect(response.status).toBe(415);
      expect(await response.text()).toContain('application/json');
    },
  );

  // MCP's own answers come first.
  it.each(doors.filter((path) => path !== '/mcp'))(
    'a form for %s, which takes none, is told which type is read',
    async (path) => {
      const server = await startServer();
      const body = new FormData();
      body.set('prompt', 'a');
      const response = await fetch(server.url + path, { method: 'POST', body });
      expect(response.status).toBe(415);
      expect(await response.text()).toMatch(/content-type: .*application\/json/);
    },
  );

  it('one that is said to be larger than may be is refused before it comes', async () => {
    const server = await startServer({ server: { bodyMb: 1 } });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.write(
      'POST /v1/images/generations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99000000\r\n\r\n{',
    );
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(`${data}`)));
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1.1 413/);
    expect(answer).toContain('x-should-retry: false');
  });
});

describe('a body that is well', () => {
  it('an empty one counts as none, where none is needed', async () => {
    const server = await startServer();
    const enabled = await sendRaw(server, '/api/admin/plugins/steady/enable', '');
    expect(enabled.status).toBe(200);
    const gone = await fetch(`${server.url}/api/images/jobs/00000000-0000-0000-0000-000000000000`, {
      method: 'DELETE',
      headers: { 'content-type': 'application/json' },
    });
    expect(gone.status).toBe(404);
  });

  it('a byte order mark is passed over, and a suffix of JSON is JSON', async () => {
    const server = await startServer();
    const marked = await sendRaw(server, '/v1/images/generations', '\ufeff{"prompt":"a"}');
    const suffixed = await sendRaw(server, '/v1/images/generations', '{"prompt":"a"}', {
      'content-type': 'application/vnd.api+json; charset=utf-8',
    });
    expect([marked.status, suffixed.status]).toEqual([200, 200]);
  });

  it('images are set aside and put back, also with escaped slashes and in lines', () => {
    const image = randomBytes(300_000).toString('base64');
    const body = { init_images: [image, `data:image/png;base64,${image}`], mask: image, prompt: 'é "a" \\' };
    const text = JSON.stringify(body);
    expect(parseJson(Buffer.from(text))).toEqual(body);
    expect(parseJson(Buffer.from(text.replaceAll('/', '\\/')))).toEqual(body);
    const lines = { mask: image.replace(/(.{76})/g, '$1\r\n') };
    expect(parseJson(Buffer.from(JSON.stringify(lines)))).toEqual(lines);
  });

  it('has as many values as it may', () => {
    const most = Array.from({ length: valueLimit - 3 }, () => 0);
    expect(parseJson(Buffer.from(JSON.stringify(most)))).toEqual(most);
  });
});

describe('options of plugins', () => {
  it('those of a plugin that is not there, or did not make the images, are told', async () => {
    const server = await startServer();
    const made = await server.post('/api/images/generate', {
      prompt: 'a',
      provider_options: { zzz: { x: [1] }, chaos: { anything: true } },
    });
    expect(made.status).toBe(200);
    const { warnings } = await jsonOf<{ warnings: { parameter: string }[] }>(made);
    expect(warnings.map(({ parameter }) => parameter)).toEqual([
      'provider_options.zzz',
      'provider_options.chaos.anything',
    ]);
  });
});

describe('a form that is not well', () => {
  const good =
    '--x\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\ncontent-type: image/png\r\n\r\nPNG';
  const cases: readonly (readonly [string, string, string])[] = [
    ['without a boundary', 'multipart/form-data', `${good}\r\n--x--\r\n`],
    ['with an empty boundary', 'multipart/form-data; boundary=', `${good}\r\n--x--\r\n`],
    ['with another boundary', 'multipart/form-data; boundary=y', `${good}\r\n--x--\r\n`],
    ['cut off in a file', 'multipart/form-data; boundary=x', good],
    ['cut off in a header', 'multipart/form-data; boundary=x', good.slice(0, 40)],
    ['empty', 'multipart/form-data; boundary=x', ''],
    ['without parts', 'multipart/form-data; boundary=x', '--x--\r\n'],
    [
      'with a field of deep JSON',
      'multipart/form-data; boundary=x',
      `--x\r\ncontent-disposition: form-data; name="prompt"\r\ncontent-type: application/json\r\n\r\n${'['.repeat(30_000)}${']'.repeat(30_000)}\r\n--x--\r\n`,
    ],
    [
      'with a field that is too long',
      'multipart/form-data; boundary=x',
      `--x\r\ncontent-disposition: form-data; name="prompt"\r\n\r\n${'a'.repeat(200_000)}\r\n--x--\r\n`,
    ],
    [
      'with a name that reaches into prototypes',
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="__proto__"\r\n\r\na\r\n--x--\r\n',
    ],
    ['with garbage', 'multipart/form-data; boundary=x', randomBytes(10_000).toString('latin1')],
  ];
  it.each(cases)('%s: status 400, not to be sent again', async (_, type, body) => {
    const server = await startServer();
    for (const path of ['/v1/images/edits', '/v1/images/variations']) {
      const response = await sendRaw(server, path, body, { 'content-type': type });
      expect(`${response.status} ${await response.text()}`).toMatch(/^400 /);
      expect(response.headers.get('x-should-retry')).toBe('false');
    }
    // Nothing of it is left behind on the connection or in the server.
    expect((await server.get('/healthz')).status).toBe(200);
  });
});
