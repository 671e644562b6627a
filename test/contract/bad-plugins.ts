/**
 * Plugins that break the contract in one way each, built on one that keeps it.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CallContext,
  definePlugin,
  type GenerationRequest,
  type GenerationResult,
  manifestSchema,
  type Plugin,
  type PluginContext,
  type PluginInstance,
} from '@easel/plugin-sdk';
import { type LoadedPlugin, type PluginTestOptions, Subject } from '@easel/plugin-sdk/testing';
import { z } from 'zod';
import { onePixelPng } from '../fixtures/one-pixel-png.js';

type Start = (
  context: PluginContext<Record<string, never>>,
) => Promise<PluginInstance<Record<string, never>>>;
type Generate = (
  request: GenerationRequest,
  call: CallContext<Record<string, never>>,
  secrets: PluginContext<unknown>['secrets'],
) => Promise<GenerationResult>;

const manifest = manifestSchema.parse({
  id: 'bad',
  version: '1.0.0',
  sdk: '*',
  entry: 'index.js',
  handles: [{ type: 'bad' }],
  runtime: { drainMs: 300 },
  permissions: { secrets: ['BAD_KEY'] },
});

const model = {
  id: 'bad',
  name: 'bad',
  pipelineType: 'bad',
  source: { type: 'provider', id: 'bad' },
  defaults: { width: 8, height: 8 },
  supports: { minimumEdge: 8, maximumEdge: 8, edgeMultiple: 8, images: 2, seed: true },
} as const;

/** Keeps the contract: a white pixel a picture, the seed behind the end of the file. */
export const honest: Generate = async ({ n, seed = 0 }, { signal, onProgress }) => {
  signal.throwIfAborted();
  onProgress({ stage: 'generate', fraction: 0.5 });
  await pause(20, undefined, { signal });
  const images = Array.from({ length: n }, (_, index) => ({
    bytes: Buffer.concat([onePixelPng, Buffer.from([seed + index])]),
    mediaType: 'image/png',
    width: 1,
    height: 1,
    seed: seed + index,
  }));
  return { images };
};

/** A subject whose plugin generates so. */
export const generating = (generate: Generate, options: Partial<PluginTestOptions> = {}) =>
  starting(
    async ({ secrets }) => ({ generate: (request, call) => generate(request, call, secrets) }),
    options,
  );

/** A subject whose plugin starts so, with schemas that may be lax. */
export function starting(
  start: Start,
  options: Partial<PluginTestOptions> = {},
  { isLax = false } = {},
): Subject {
  const schema = (isLax ? z.looseObject({}) : z.strictObject({})) as z.ZodType<Record<string, never>>;
  const plugin = definePlugin({ config: schema, options: schema, start });
  const loaded: LoadedPlugin = { manifest, folder: '/nowhere/bad', plugin: plugin as Plugin };
  return new Subject({ folder: '/nowhere/bad', model, cancelWithinMs: 200, ...options }, async () => loaded);
}
