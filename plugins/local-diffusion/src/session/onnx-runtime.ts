/**
 * The only place that loads ONNX Runtime: the telemetry is off before it is there.
 *
 * @module
 */
import './without-telemetry.js';
import { createRequire } from 'node:module';
import type * as common from 'onnxruntime-common';
import { findRuntimePackage } from './runtime-package.js';

interface Runtime extends Pick<typeof common, 'env' | 'InferenceSession' | 'Tensor'> {
  /** Execution providers that were compiled in; those that are not `bundled` have a library of their own. */
  listSupportedBackends(): readonly { readonly name: string; readonly bundled: boolean }[];
}

const runtime: Runtime = createRequire(import.meta.url)(findRuntimePackage().name);

export const { env, InferenceSession, listSupportedBackends, Tensor } = runtime;
export type InferenceSession = common.InferenceSession;
/** `extra` has no `session` of its own. */
export type SessionOptions = common.InferenceSession.SessionOptions;
export type TensorMetadata = common.InferenceSession.TensorValueMetadata;
export type ValueMetadata = common.InferenceSession.ValueMetadata;
export type Tensor = common.Tensor;
