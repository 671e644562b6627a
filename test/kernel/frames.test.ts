import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readFrames, writeFrame } from '../../core/src/kernel/runner/frames.js';
import { fromPluginLimits as limits } from '../../core/src/kernel/runner/message.js';

/** What is written to it comes out of it, in pieces of a few bytes. */
function inPieces(size: number): Duplex {
  const out = new PassThrough();
  const stream = Duplex.from({
    readable: out,
    writable: new PassThrough({
      transform(chunk: Buffer, _, done) {
        for (let start = 0; start < chunk.length; start += size)
          out.write(chunk.subarray(start, start + size));
        done();
      },
    }),
  });
  return stream;
}

describe('frames', () => {
  it.each([1, 3, 4, 1000])('survive being cut into pieces of %i bytes', async (size) => {
    const bytes = (...values: number[]) => Buffer.from(values);
    const values = [
      { text: 'ä"\\', images: [{ bytes: bytes(1, 2, 3), seed: 1 }, { bytes: bytes(4) }] },
      null,
      'x'.repeat(500),
      { $bytes: 0, __proto__x: { null: null }, empty: bytes() },
      bytes(5, 6),
    ];
    const stream = inPieces(size);
    const received: unknown[] = [];
    readFrames(
      stream,
      limits,
      (value) => received.push(value),
      (error) => expect.unreachable(error.message),
    );
    for (const value of values) writeFrame(stream, value, limits);
    await expect.poll(() => received).toEqual(values);
  });

  it('break off once, at bytes that are none', async () => {
    const stream = new PassThrough();
    const broken: Error[] = [];
    readFrames(
      stream,
      limits,
      () => expect.unreachable('no value was sent'),
      (error) => broken.push(error),
    );
    stream.write(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 0, 0, 0, 0, 0, 0, 0, 1, 2]));
    await expect.poll(() => broken.length).toBe(1);
    await new Promise((resolve) => stream.write(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 1, 2]), resolve));
    await new Promise(setImmediate);
    expect(broken).toHaveLength(1);
  });

  const places = [
    ['beside what is there', '{"message":{"a":1},"places":[{"path":["a"],"bytes":1}]}'],
    ['in a prototype', '{"message":{},"places":[{"path":["__proto__","polluted"],"bytes":1}]}'],
    ['where nothing is', '{"message":{},"places":[{"path":["a"],"bytes":1}]}'],
    ['nowhere', '{"message":1,"places":[{"path":[],"bytes":1}]}'],
    ['in less than they are', '{"message":{"a":null},"places":[{"path":["a"],"bytes":0}]}'],
    ['in more than they are', '{"message":{"a":null},"places":[{"path":["a"],"bytes":2}]}'],
  ] as const;
  it.each(places)('do not put bytes %s', async (_, json) => {
    const stream = new PassThrough();
    const broken = new Promise<Error>((resolve) => {
      readFrames(stream, limits, () => expect.unreachable('no message was sent'), resolve);
    });
    stream.write(
      Buffer.concat([Buffer.from([json.length, 0, 0, 0, 1, 0, 0, 0]), Buffer.from(json), Buffer.from([7])]),
    );
    expect((await broken).message).toMatch(/frame|bytes/);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
