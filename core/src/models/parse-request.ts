import { EaselError, imageRequestSchema, type ValidImageRequest } from '@easel/plugin-sdk';
import { firstProblem } from '../config/first-problem.js';

/** Checks a request against the contract. Throws ERR_REQUEST_INVALID with the first field that is wrong. */
export function parseRequest(request: unknown): ValidImageRequest {
  const parsed = imageRequestSchema.safeParse(request);
  if (parsed.success) return parsed.data;
  throw new EaselError({ code: 'ERR_REQUEST_INVALID', message: `${firstProblem(parsed.error)}.` });
}
