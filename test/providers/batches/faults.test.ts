/**
 * What a provider refuses, limits, loses and breaks of a batch, seen through the kernel: nothing is paid
 * twice, and nothing that is paid is lost.
 *
 * @module
 */
import { type Fault, isPictureOf, type SeenRequest } from '@easel/plugin-sdk/emulator';
import { describe, expect, it } from 'vitest';
import { type BatchKind, batchKinds, first } from './kinds.js';

type Script = (request: SeenRequest) => Fault | undefined;

/** What goes wrong, and how many requests to upload and to create it takes then. */
function troublesOnTheWayThere({ uploadRequests, paths, answers }: BatchKind) {
  const { upload, create } = paths;
  const { limited, unavailable } = answers;
  const last = (fault: Fault): Script => {
    let seen = 0;
    return ({ method, path }) =>
      method === 'POST' && upload.test(path) && ++seen === uploadRequests ? fault : undefined;
  };
  const uploads = (failed: number) => failed + uploadRequests;
  return [
    ['an upload that is limited', first(2, 'POST', upload, { answer: limited() }), uploads(2), 1],
    ['an upload that fails', first(2, 'POST', upload, { answer: unavailable(503) }), uploads(2), 1],
    ['an upload that breaks off', first(1, 'POST', upload, { breakOff: 'before' }), uploads(1), 1],
    ['an upload that was taken and has no answer', last({ breakOff: 'after' }), uploads(0), 1],
    ['a batch that is limited', first(2, 'POST', create, { answer: limited() }), uploads(0), 3],
    ['a batch that fails', first(1, 'POST', create, { answer: unavailable(503) }), uploads(0), 2],
    ['a batch that breaks off', first(1, 'POST', create, { breakOff: 'before' }), uploads(0), 2],
    [
      'a batch that was taken and fails',
      first(1, 'POST', create, { answerAfter: unavailable(502) }),
      uploads(0),
      1,
    ],
    [
      'a batch that was taken and has no answer',
      first(1, 'POST', create, { breakOff: 'after' }),
      uploads(0),
      1,
    ],
    [
      'a batch that was taken and is answered too late',
      first(1, 'POST', create, { delayMs: 1_000 }),
      uploads(0),
      1,
    ],
  ] as const;
}

describe.each(batchKinds)('on the way to $plugin', (kind) => {
  const { paths, answers, createWorld, call } = kind;

  it.each(troublesOnTheWayThere(kind))('%s is paid once', async (_, script, uploads, creates) => {
    const { emulator, createKernel } = await createWorld({
      script,
      settings: { requestMs: 800, settleMs: 1_000 },
    });
    const { images } = await createKernel().generateImage(...call('a boat'));
    expect(await isPictureOf(images[0]!.bytes, 'a boat')).toBe(true);
    expect(emulator.seen('POST', paths.upload)).toHaveLength(uploads);
    expect(emulator.seen('POST', paths.create)).toHaveLength(creates);
    expect(emulator.batches.size).toBe(1);
    expect(emulator.paid).toBe(1);
  });

  it('a refusal is given back at once, and the batch forgotten', async () => {
    const { emulator, createKernel } = await createWorld({
      script: first(1, 'POST', paths.create, { answer: answers.refusal('No such batches.') }),
    });
    const kernel = createKernel();
    await expect(kernel.generateImage(...call('a boat'))).rejects.toMatchObject({
      code: 'ERR_REQUEST_INVALID',
      message: expect.stringContaining('No such batches.'),
    });
    await expect.poll(() => emulator.files.stored.size).toBe(0);
    await kernel.generateImage(...call('a boat'));
    expect(emulator.paid).toBe(1);
  });

  it('a batch is followed through failures, limits and a restart', async () => {
    let looks = 0;
    const { emulator, createKernel } = await createWorld({
      course: () => ({ perLineMs: 900 }),
      script: ({ method, path }) => {
        if (method !== 'GET' || !paths.look.test(path)) return undefined;
        looks += 1;
        if (looks % 4 === 1) return { answer: answers.unavailable(503) };
        if (looks % 4 === 2) return { answer: answers.limited() };
        return looks % 4 === 3 ? { breakOff: 'before' } : undefined;
      },
    });
    const followed = createKernel().generateImage(...call('a boat'));
    await expect.poll(() => looks).toBeGreaterThan(3);
    await emulator.restart(200);
    expect((await followed).images).toHaveLength(1);
    expect(emulator.batches.size).toBe(1);
    expect(emulator.paid).toBe(1);
  });

  it('an account that is locked in the middle is told of, and the batch found when it is not any more', async () => {
    const { emulator, createKernel } = await createWorld({
      course: () => ({ perLineMs: 300 }),
      script: first(1, 'GET', paths.look, { answer: answers.locked() }),
    });
    const kernel = createKernel();
    await expect(kernel.generateImage(...call('a boat'))).rejects.toMatchObject({
      code: 'ERR_PROVIDER_AUTH',
    });
    const { provenance } = await kernel.generateImage(...call('a boat'));
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.batches.size).toBe(1);
    expect(emulator.paid).toBe(1);
  });
});

describe.each(batchKinds)('on the way back from $plugin', ({ paths, answers, createWorld, call }) => {
  it.each([
    ['are cut', first(2, 'GET', paths.download, { cutAtByte: 300 })],
    ['break off', first(2, 'GET', paths.download, { breakOff: 'before' })],
    ['fail', first(2, 'GET', paths.download, { answer: answers.unavailable(503) })],
    ['trickle', first(1, 'GET', paths.download, { trickle: { bytes: 512, everyMs: 1 } })],
    ['stand still', first(1, 'GET', paths.download, { trickle: { bytes: 200, everyMs: 5_000 } })],
  ])('results are read where they %s', async (_, script) => {
    const { emulator, createKernel } = await createWorld({ script, settings: { requestMs: 700 } });
    const { images } = await createKernel().generateImage({ ...call('a boat')[0], n: 3 });
    expect(images).toHaveLength(3);
    for (const { bytes } of images) expect(await isPictureOf(bytes, 'a boat')).toBe(true);
    expect(emulator.paid).toBe(3);
  });

  it('images that were made before a batch expired are given, and only the missing ones paid again', async () => {
    const { emulator, createKernel } = await createWorld({
      retries: 1,
      course: (index) => (index === 0 ? { expiresAfter: 2 } : {}),
      settings: { gatherMs: 600 },
    });
    const kernel = createKernel();
    const prompts = ['one', 'two', 'three', 'four'];
    const results = await Promise.all(prompts.map((prompt) => kernel.generateImage(call(prompt)[0])));
    for (const [index, { images }] of results.entries())
      expect(await isPictureOf(images[0]!.bytes, prompts[index]!)).toBe(true);
    const outcomes = results.map(({ provenance }) => provenance.attempts.map(({ outcome }) => outcome));
    expect(outcomes.filter(([outcome]) => outcome === 'ERR_PROVIDER_UNAVAILABLE')).toHaveLength(2);
    expect(emulator.paid).toBe(4);
  });

  it('what there is of a call is given, with the reason why the rest is missing', async () => {
    const { emulator, createKernel } = await createWorld({ course: () => ({ expiresAfter: 1 }) });
    const { images, warnings } = await createKernel().generateImage({ ...call('a boat')[0], n: 2 });
    expect(images).toHaveLength(1);
    expect(warnings[0]?.message).toMatch(
      /^1 of 2 pictures were made; then: ERR_PROVIDER_UNAVAILABLE:.*expired/,
    );
    expect(emulator.paid).toBe(1);
  });

  it('files that are gone are told of', async () => {
    const { createKernel } = await createWorld({ course: () => ({ losesFiles: true }) });
    await expect(createKernel().generateImage(...call('a boat'))).rejects.toMatchObject({
      code: 'ERR_PROVIDER_BAD_RESPONSE',
      message: expect.stringMatching(/No such File object|may not exist/),
    });
  });

  it('results come without counts, too', async () => {
    const { createKernel } = await createWorld({ course: () => ({ hidesCounts: true }) });
    const { images } = await createKernel().generateImage({ ...call('a boat')[0], n: 2 });
    expect(images).toHaveLength(2);
  });
});
