/**
 * The only place that loads ONNX Runtime: the telemetry is off before it is there.
 *
 * @module
 */
import './without-telemetry.js';

export { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node';
