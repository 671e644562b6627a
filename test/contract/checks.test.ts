/**
 * The suite can fail: every check reports the plugin that it is there for, and none reports one that keeps
 * the contract.
 *
 * @module
 */
import { ChildProcess, spawn } from 'node:child_process';
import { createServer, Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { EaselError, type GenerationResult } from '@easel/plugin-sdk';
import * as testing from '@easel/plugin-sdk/testing';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { generating, honest, starting } from './bad-plugins.js';

const { checks } = testing;

type Leak = NodeJS.Timeout | Server | Worker | ChildProcess;

async function mend(leak: Leak): Promise<void> {
  if (leak instanceof Worker) await leak.terminate();
  else if (leak instanceof Server) leak.close();
  else if (leak instanceof ChildProcess) leak.kill('SIGKILL');
  else clearInterval(leak);
}

/** A result with something of its first picture changed. */
const changed = async (result: Promise<GenerationResult>, change: object) => {
  const [first, ...others] = (await result).images;
  return { images: [{ ...first, ...change }, ...others] } as GenerationResult;
};

describe('an honest plugin', () => {
  // The manifest check reads a folder, which a plugin of this file does not have.
  it.each(checks.filter((check) => check !== testing.manifestIsValid))('$name', async ({ find }) => {
    expect(await find(generating(honest))).toEqual([]);
  });
});

describe('a bad plugin is reported', () => {
  it('that takes any configuration and any option', async () => {
    const lax = starting(async () => ({ generate: honest as never }), {}, { isLax: true });
    expect(await testing.badConfigurationIsRefused.find(lax)).toEqual([expect.stringContaining('is taken')]);
    expect(await testing.unknownOptionIsRefused.find(lax)).toEqual([expect.stringContaining('is taken')]);
  });

  it('that refuses a configuration without a path', async () => {
    const subject = generating(honest, { refusedConfig: 'not an object' });
    expect(await testing.badConfigurationIsRefused.find(subject)).toEqual([
      expect.stringContaining('no path'),
    ]);
  });

  it.each([
    [
      'too few pictures',
      async (result) => ({ images: (await result).images.slice(1) }),
      /2 .* asked.* 1 came/,
    ],
    ['no width', (result) => changed(result, { width: 0 }), /images\.0\.width/],
    ['an empty file', (result) => changed(result, { bytes: new Uint8Array() }), /images\.0\.bytes: is empty/],
  ] satisfies [string, (result: Promise<GenerationResult>) => Promise<GenerationResult>, RegExp][])(
    'that answers %s',
    async (_, change, problem) => {
      const subject = generating((...call) => change(honest(...call)));
      expect(await testing.resultIsOfTheContract.find(subject)).toEqual([expect.stringMatching(problem)]);
    },
  );

  it.each([
    [
      'wrong bytes',
      { bytes: new TextEncoder().encode('<html>502 Bad Gateway</html>') },
      /not a whole PNG, JPEG, WebP or AVIF/,
    ],
    ['another media type', { mediaType: 'image/jpeg' }, /image\/jpeg; its bytes are image\/png/],
    ['another size', { width: 64 }, /64x1; its file is 1x1/],
  ])('that answers %s', async (_, change, problem) => {
    const subject = generating((...call) => changed(honest(...call), change));
    expect(await testing.picturesAreWhatIsSaid.find(subject)).toEqual([expect.stringMatching(problem)]);
  });

  it.each([
    ['png', (picture) => picture.png()],
    ['jpeg', (picture) => picture.jpeg({ progressive: true }).withExif({ IFD0: { Artist: 'nobody' } })],
    ['webp', (picture) => picture.webp()],
    ['webp', (picture) => picture.webp({ lossless: true })],
    ['webp', (picture) => picture.ensureAlpha(0.5).webp()],
    ['avif', (picture) => picture.avif({ effort: 0 })],
  ] satisfies [string, (picture: Sharp) => Sharp][])(
    'and %s files are read as they are',
    async (format, encode) => {
      const [width, height] = [517, 301];
      const picture = sharp({ create: { width, height, channels: 3, background: 'teal' } });
      const said = { bytes: await encode(picture).toBuffer(), mediaType: `image/${format}`, width, height };
      const find = (change: object) =>
        testing.picturesAreWhatIsSaid.find(
          generating((...call) => changed(honest(...call), { ...said, ...change })),
        );
      expect(await find({})).toEqual([]);
      expect(await find({ height: 302 })).toEqual([expect.stringMatching(/517x302; its file is 517x301/)]);
      for (const end of [12, said.bytes.length / 2, said.bytes.length - 2])
        expect(await find({ bytes: said.bytes.subarray(0, end) })).toEqual([
          expect.stringMatching(/its bytes are not/),
        ]);
    },
  );

  it('whose progress falls, or is none', async () => {
    const subject = generating((request, call, secrets) => {
      for (const fraction of [0.6, 0.3, 7]) call.onProgress({ stage: 'generate', fraction });
      return honest(request, call, secrets);
    });
    expect(await testing.progressNeverFalls.find(subject)).toEqual([
      'Progress falls from 0.6 to 0.3.',
      expect.stringContaining('not of the contract'),
      'Progress falls from 0.6 to 0.5.',
    ]);
  });

  it('that does not keep to its seeds', async () => {
    let calls = 0;
    const restless = generating((request, ...rest) => honest({ ...request, seed: calls++ }, ...rest));
    expect(await testing.seedsMakePicturesAgain.find(restless)).toContainEqual(
      expect.stringContaining('differently'),
    );
    const silent = generating((...call) => changed(honest(...call), { seed: undefined }));
    expect(await testing.seedsMakePicturesAgain.find(silent)).toEqual(['Picture 0 does not tell its seed.']);
  });

  it('that mixes up two calls', async () => {
    let last: Parameters<typeof honest>[0];
    const subject = generating(async (request, ...rest) => {
      last = request;
      await pause(10);
      return honest(last, ...rest);
    });
    expect(await testing.callsDoNotMix.find(subject)).toEqual([expect.stringMatching(/^Call 0 .* another/)]);
  });

  it('that ignores cancelling', async () => {
    const subject = generating(async (request, call, secrets) => {
      await pause(1_000);
      return honest(request, { ...call, signal: new AbortController().signal }, secrets);
    });
    expect(await testing.cancellingEndsCalls.find(subject)).toEqual([
      expect.stringMatching(/before it begins still works 200 ms later/),
      expect.stringMatching(/in the middle still works 200 ms later/),
    ]);
    expect(await testing.cancellingEndsCalls.find(generating(honest, { slow: { seed: 1 } }))).toEqual([]);
    const instant = generating(
      (request, call, secrets) => honest(request, { ...call, onProgress: () => {} }, secrets),
      { slow: {} },
    );
    expect(await testing.cancellingEndsCalls.find(instant)).toEqual([expect.stringContaining('make `slow`')]);
  });

  it('that throws errors of no code, or of another one', async () => {
    const isMissing = (id: string) => id === 'no-such-model';
    const subject = generating(
      (request, ...rest) => {
        const { source } = request.model;
        if (source.type === 'provider' && isMissing(source.id))
          throw new TypeError('undefined is not a model');
        if (request.prompt === 'refuse') throw new EaselError({ code: 'ERR_INTERNAL', message: 'no' });
        return honest(request, ...rest);
      },
      {
        failures: [
          { request: { prompt: 'refuse' }, code: 'ERR_CONTENT_REFUSED' },
          { request: { prompt: 'paint' }, code: 'ERR_CONTENT_REFUSED' },
        ],
      },
    );
    expect(await testing.errorsAreClassified.find(subject)).toEqual([
      '`failures` 0 has to end with ERR_CONTENT_REFUSED; there was ERR_INTERNAL.',
      '`failures` 1 has to end with ERR_CONTENT_REFUSED; there was a result.',
      expect.stringContaining('TypeError: undefined is not a model'),
    ]);
  });

  it.each([
    ['a log line (info)', { log: true }],
    ['a progress message', { progress: true }],
    ['a warning', { warning: true }],
    ['a parameter of a result', { parameter: true }],
    ['an error', { error: true }],
  ] satisfies [string, Record<string, boolean>][])('that lets a secret out in %s', async (where, leak) => {
    const leaks: Record<string, boolean> = leak;
    const subject = generating(async (request, call, { BAD_KEY: key = '' }) => {
      if (leaks.log) call.logger.info('asking', { headers: { authorization: `Bearer ${key}` } });
      if (leaks.progress) call.onProgress({ stage: 'load', fraction: 0, message: `with ${key}` });
      if (leaks.error && call.signal.aborted)
        throw new Error('failed', { cause: new Error(`https://example.com/?key=${key}`) });
      const result = await honest(request, call, {});
      if (leaks.warning) return { ...result, warnings: [{ code: 'other', message: `${key} expires` }] };
      return leaks.parameter ? { ...result, parameters: { basic: btoa(key) } } : result;
    });
    expect(await testing.secretsStaySecret.find(subject)).toEqual([`The value of BAD_KEY is in ${where}.`]);
  });

  it.each([
    ['a timer', 'Timeout', () => setInterval(() => {}, 60_000)],
    ['a server', 'TCPSERVERWRAP', () => createServer().listen(0, '127.0.0.1')],
    ['a thread', 'WORKER', () => new Worker('setInterval(() => {}, 60_000)', { eval: true })],
    ['a process', 'PROCESSWRAP', () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'])],
  ] satisfies [string, string, () => Leak][])('that leaves %s behind', async (_, what, leak) => {
    const leaks: Leak[] = [];
    onTestFinished(() => Promise.all(leaks.map(mend)).then(() => {}));
    const start = async () => {
      leaks.push(leak());
      return { generate: honest as never };
    };
    const subject = starting(start, { releaseWithinMs: 200 });
    expect(await testing.closeEndsEverything.find(subject)).toEqual([
      expect.stringMatching(new RegExp(`^After close\\(\\) it still holds .*${what}`)),
    ]);
  });

  it('that never closes', async () => {
    const endless = starting(async () => ({ generate: honest as never, close: () => new Promise(() => {}) }));
    expect(await testing.closeEndsEverything.find(endless)).toEqual([
      'close() has not resolved within 300 ms.',
    ]);
  });

  it('that starts only once', async () => {
    let starts = 0;
    const once = starting(async () => {
      if (++starts > 1) throw new Error('the port is taken');
      return { generate: honest as never };
    });
    await expect(testing.startsAgain.find(once)).rejects.toThrow('the port is taken');
  });
});
