/**
 * Names alone: the main thread reads them, and loads no ONNX Runtime.
 *
 * @module
 */
import { z } from 'zod';

/** What ONNX Runtime can compute on, by its own names. */
export const executionProviders = ['cpu', 'webgpu', 'cuda', 'tensorrt', 'dml', 'coreml'] as const;
export type ExecutionProvider = (typeof executionProviders)[number];

/** Providers to try, the first that works being used, or `auto`. */
export type ExecutionProviderSetting = 'auto' | readonly ExecutionProvider[];

/** The plugin's configuration field `precision`. */
export const precisionSchema = z
  .enum(['auto', 'float32'])
  .default('auto')
  .describe(
    'What to compute in: auto is float16 on devices that are right and faster in it, and float32 elsewhere; what is too large for float16 is computed again in float32. Absent: auto.',
  );
export type PrecisionSetting = z.infer<typeof precisionSchema>;

/** The plugin's configuration field `executionProviders`. */
export const executionProviderSchema = z
  .union([z.literal('auto'), z.array(z.enum(executionProviders)).min(1).max(executionProviders.length)])
  .default('auto')
  .describe(
    'What to compute on: execution providers of ONNX Runtime in the order to try them (cpu, webgpu, cuda, tensorrt, dml, coreml), or auto: whatever of this machine is right and faster than its processor. Each is tested before it is used; where none passes, cpu is used. Absent: auto.',
  );
