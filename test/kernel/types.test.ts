import {
  type AvailableModel,
  createImageServiceManager,
  type ImageResult,
  type ImageServiceManager,
  type KernelEvents,
  type ServiceHealth,
} from '@easel/core';
import { definePlugin, type EaselError, type ImageRequest, type Manifest } from '@easel/plugin-sdk';
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';

// The compiler is the judge: `npm run check` fails where one of these does not hold.
describe('types of the kernel', () => {
  it('ask for a prompt and nothing else', () => {
    expectTypeOf<{ prompt: string }>().toExtend<ImageRequest>();
    expectTypeOf<{ model: string }>().not.toExtend<ImageRequest>();
    expectTypeOf<{ prompt: string; fallback: 'always' }>().not.toExtend<ImageRequest>();
    expectTypeOf(createImageServiceManager)
      .parameter(0)
      .toEqualTypeOf<Parameters<typeof createImageServiceManager>[0]>();
    expectTypeOf(createImageServiceManager).returns.toEqualTypeOf<ImageServiceManager>();
  });

  it('answer what the methods say', () => {
    expectTypeOf<ImageServiceManager['generateImage']>().returns.resolves.toEqualTypeOf<ImageResult>();
    expectTypeOf<ImageResult['images'][number]['bytes']>().toExtend<Uint8Array>();
    expectTypeOf<ImageServiceManager['getAvailableModels']>().returns.toEqualTypeOf<AvailableModel[]>();
    expectTypeOf<ImageServiceManager['getServiceHealth']>().returns.toEqualTypeOf<ServiceHealth>();
    expectTypeOf<ImageServiceManager['close']>().returns.resolves.toEqualTypeOf<{
      readonly forced: readonly string[];
    }>();
    expectTypeOf<ImageServiceManager>().toExtend<AsyncDisposable>();
  });

  it('know what each event carries', () => {
    expectTypeOf<KernelEvents['circuit-open']['pipelineType']>().toEqualTypeOf<string>();
    expectTypeOf<KernelEvents['plugin-refused']['error']>().toEqualTypeOf<EaselError>();
    expectTypeOf<KernelEvents['plugin-failed']['error']>().toEqualTypeOf<EaselError | undefined>();
    expectTypeOf<'plugin-exploded'>().not.toExtend<keyof KernelEvents>();
  });
});

describe('types of a plugin', () => {
  it('follow from its schemas', () => {
    definePlugin({
      config: z.strictObject({ endpoint: z.url(), retries: z.int().default(2) }),
      options: z.strictObject({ style: z.enum(['plain', 'bold']).optional() }),
      async start({ config, secrets, storageFolder }) {
        expectTypeOf(config).toEqualTypeOf<{ endpoint: string; retries: number }>();
        expectTypeOf(secrets).toEqualTypeOf<Readonly<Record<string, string>>>();
        expectTypeOf(storageFolder).toEqualTypeOf<string | undefined>();
        return {
          async generate(request, { options, signal }) {
            expectTypeOf(options.style).toEqualTypeOf<'plain' | 'bold' | undefined>();
            expectTypeOf(request.width).toEqualTypeOf<number>();
            expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
            return { images: [] };
          },
        };
      },
    });
    expectTypeOf<Manifest['runtime']['isolation']>().toEqualTypeOf<'process' | 'thread' | 'inline'>();
  });
});
