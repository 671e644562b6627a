import { describe, expect, it } from 'vitest';
import { dialects, errorAnswer, tooManyRequests } from '../../plugins/openai/src/emulator/index.js';
import { createOpenAiWorld } from './openai-world.js';
import { killPlugin } from './provider-kernels.js';

const dialect = dialects.openai;
const answer = (status: number, message: string, code: string | null = null) =>
  errorAnswer(dialect, { status, message, code, type: 'server_error' });

describe('what goes wrong', () => {
  it.each([
    ['401', answer(401, 'Incorrect API key provided.', 'invalid_api_key'), 'ERR_PROVIDER_AUTH'],
    ['a quota', answer(429, 'You exceeded your current quota.', 'insufficient_quota'), 'ERR_PROVIDER_AUTH'],
    ['a limit', errorAnswer(dialect, tooManyRequests(90)), 'ERR_PROVIDER_RATE_LIMITED'],
    ['503 in its own words', answer(503, 'The server is overloaded.'), 'ERR_PROVIDER_UNAVAILABLE'],
    ['an unknown model', answer(404, 'The model does not exist.', 'model_not_found'), 'ERR_MODEL_UNKNOWN'],
    [
      'a blocked resource',
      answer(403, 'Your resource has been temporarily blocked because of our content policy', 'Forbidden'),
      'ERR_CONTENT_REFUSED',
    ],
  ])('%s has its code, and nothing is paid', async (_, given, code) => {
    const { emulator, createKernel } = await createOpenAiWorld({ script: () => ({ answer: given }) });
    const failing = createKernel().generateImage({ prompt: 'a star' });
    await expect(failing).rejects.toMatchObject({ code, mayBePaid: false });
    expect(emulator.paid).toBe(0);
  });

  it('a pause that only the words have is kept', async () => {
    const { createKernel } = await createOpenAiWorld({
      script: () => ({ answer: errorAnswer(dialect, tooManyRequests(90)) }),
    });
    await expect(createKernel().generateImage({ prompt: 'a star' })).rejects.toMatchObject({
      retryAfterMs: 90_000,
    });
  });

  it.each([
    ['the connection breaks off', { breakOff: 'after' as const }],
    ['a proxy answers 502', { answerAfter: { status: 502, body: '<html>Bad gateway</html>' } }],
    ['the answer is cut', { cutAtByte: 100 }],
    ['the answer is late', { delayMs: 6_000 }],
    ['the answer has no image', { answerAfter: { status: 200, body: { data: [] } } }],
  ])('%s: it may have been paid, and is not sent again', async (_, fault) => {
    const { emulator, createKernel } = await createOpenAiWorld({ script: () => fault, retries: 3 });
    const failing = createKernel().generateImage({ prompt: 'a star', fallback: 'any' });
    await expect(failing).rejects.toMatchObject({
      mayBePaid: true,
      message: expect.stringContaining('paid'),
    });
    expect(emulator.seen('POST', /generations$/)).toHaveLength(1);
  });

  it('an image that its server holds back, with status 200, is a refusal', async () => {
    const body = { data: [{ url: '', respect_moderation: false }], usage: {} };
    const { createKernel } = await createOpenAiWorld({
      like: 'xai',
      model: 'emulated-xai',
      script: () => ({ answer: { status: 200, body } }),
    });
    await expect(createKernel().generateImage({ prompt: 'a star' })).rejects.toMatchObject({
      code: 'ERR_CONTENT_REFUSED',
    });
  });

  it('a call that is carried out again under its id gets what was paid', async () => {
    const { emulator, createKernel } = await createOpenAiWorld();
    const kernel = createKernel();
    const asked = { prompt: 'a star', n: 2 };
    const onResult = async () => {
      await killPlugin(kernel);
      throw new Error('the disk is full');
    };
    await expect(kernel.generateImage(asked, { requestId: 'job-1', onResult })).rejects.toThrow(
      'the disk is full',
    );
    const { images, provenance } = await kernel.generateImage(asked, { requestId: 'job-1' });
    expect(images).toHaveLength(2);
    expect(provenance.parameters).toMatchObject({ resumed: 1 });
    expect(emulator.paid).toBe(2);
  });
});
