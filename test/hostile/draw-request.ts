import type { Shot } from './send.js';

/** The part of an OpenAPI document that requests are drawn by. */
export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}
interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
}
type Random = () => number;

const nasty: readonly unknown[] = [
  null,
  true,
  '',
  ' ',
  'x'.repeat(40_000),
  '\u0000',
  '../../etc/passwd',
  '/etc/shadow',
  '<script>',
  "'; DROP TABLE jobs; --",
  '99999x99999',
  '0x0',
  'data:image/png;base64,AAAA',
  'data:image/svg+xml;base64,PHN2Zy8+',
  'http://169.254.169.254/',
  'file:///etc/passwd',
  'BREAK '.repeat(5_000),
  '('.repeat(30_000),
  '<lora:x:1>'.repeat(1_000),
  '\u{1f600}\u202e\ufeff',
  -1,
  0,
  1.5,
  1e308,
  2 ** 53,
  -(2 ** 31),
  [],
  [[[[]]]],
  {},
  { toString: 1 },
  { length: 1e9 },
  Array(1_000).fill({}),
  Array(3_000).fill('a'),
];
const ids = [
  'x',
  '%00',
  '%2e%2e%2f',
  '%ff',
  'a'.repeat(3_000),
  '00000000-0000-0000-0000-000000000000',
  '%F0%9F%98%80',
];
const types = [
  'application/json',
  'application/json; charset=utf-16',
  'application/problem+json',
  'text/plain',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'application/x-www-form-urlencoded',
  'a'.repeat(1_000),
  '/',
];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const odd: readonly Readonly<Record<string, string>>[] = [
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'br, gzip' },
  { 'idempotency-key': 'x'.repeat(300) },
  { 'idempotency-key': 'one for many' },
  { accept: 'text/event-stream' },
  { accept: `${'a/b,'.repeat(2_000)}*/*` },
  { authorization: 'Bearer easel_x_y' },
  { authorization: `Basic ${'A'.repeat(5_000)}` },
  { range: 'bytes=0-0,-1' },
  { 'if-none-match': '"'.repeat(1_000) },
  { cookie: 'a=b; '.repeat(1_000) },
  { 'transfer-encoding': 'chunked' },
  { expect: '100-continue' },
  { host: 'localhost' },
  { 'x-forwarded-for': '1.2.3.4, '.repeat(500) },
  { 'last-event-id': '-1' },
];

/** A request of one of the routes that a document describes, wrong in one way or another, or in none. */
export function drawRequest({ paths }: Description, random: Random): Shot {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const path = pick(Object.keys(paths));
  const operations = paths[path] ?? {};
  const known = Object.keys(operations).map((method) => method.toUpperCase());
  const method = random() < 0.85 ? pick(known) : pick(methods);
  const bodies = operations[method.toLowerCase()]?.requestBody?.content ?? {};
  const [described] = Object.entries(bodies);
  const json = JSON.stringify(random() < 0.1 ? pick(nasty) : drawObject(described?.[1].schema ?? {}, random));
  const torn = random() < 0.1 ? json.slice(0, Math.floor(random() * json.length)) : json;
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const query =
    random() < 0.1 ? `?limit=${encodeURIComponent(JSON.stringify(pick(nasty))).slice(0, 3_000)}&limit=2` : '';
  return {
    method,
    path: path.replace(/\{\w+\}/g, () => pick(ids)) + query,
    headers: {
      ...(random() < 0.8 ? { 'content-type': 'application/json' } : { 'content-type': pick(types) }),
      ...(random() < 0.15 ? pick(odd) : {}),
    },
    body: hasBody && random() < 0.95 ? torn : undefined,
  };
}

/** An object with some of the fields that a schema has, some as they should be, and some that it has not. */
function drawObject({ properties = {} }: Schema, random: Random): Record<string, unknown> {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const body: Record<string, unknown> = {};
  // A prompt is always needed, and the fixture's model is quick.
  if (random() < 0.7 && properties.prompt) body.prompt = 'a fixture';
  for (const [name, schema] of Object.entries(properties)) {
    if (random() < 0.85) continue;
    body[name] = random() < 0.5 ? drawValue(schema, random) : pick(nasty);
  }
  if (random() < 0.1) body[JSON.stringify(pick(nasty)).slice(0, 50)] = pick(nasty);
  return body;
}

function drawValue(schema: Schema, random: Random): unknown {
  const [first] = schema.anyOf ?? [];
  if (first) return drawValue(first, random);
  if (schema.enum) return schema.enum[Math.floor(random() * schema.enum.length)];
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  if (type === 'integer') return Math.floor(random() * 4);
  if (type === 'number') return random();
  if (type === 'boolean') return random() < 0.5;
  if (type === 'array') return [];
  return type === 'object' ? {} : 'a';
}
