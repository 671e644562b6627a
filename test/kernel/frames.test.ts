import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readFrames, writeFrame } from '../../core/src/kernel/runner/frames.js';

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
    const values = [{ text: 'ä', bytes: new Uint8Array([1, 2, 3]) }, null, 'x'.repeat(500), [undefined, 1n]];
    const stream = inPieces(size);
    const received: unknown[] = [];
    readFrames(
      stream,
      (value) => received.push(value),
      (error) => expect.unreachable(error.message),
    );
    for (const value of values) writeFrame(stream, value);
    await expect.poll(() => received).toEqual(values);
  });

  it('break off once, at bytes that are none', async () => {
    const stream = new PassThrough();
    const broken: Error[] = [];
    readFrames(
      stream,
      () => expect.unreachable('no value was sent'),
      (error) => broken.push(error),
    );
    stream.write(Buffer.from([2, 0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 2]));
    await expect.poll(() => broken.length).toBe(1);
    stream.write(Buffer.from([2, 0, 0, 0, 1, 2]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(broken).toHaveLength(1);
  });
});
