import { toRgb } from '../../../plugins/local-diffusion/src/pipelines/pixels.js';
import { largestError } from '../arrays.js';
import type { CaseOutcome } from '../case.js';
import type { TensorValues } from '../tensors.js';

/** One step of 255: rounding may tip a pixel over. */
const tolerance = 1;

/** Whether one picture, planes of -1 to 1, equals the reference's [1, height, width, 3] of 0 to 255. */
export function pictureOutcome(planes: Float32Array, expected: TensorValues | undefined): CaseOutcome {
  if (!expected) return { status: 'failed', detail: 'the reference has no picture' };
  const error = largestError([...toRgb(planes)], expected.data as Float32Array, 'absolute');
  return { status: error <= tolerance ? 'passed' : 'failed', detail: `pixels off by ${error} at most` };
}
