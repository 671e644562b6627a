import { EaselError, imageRequestSchema, type ValidImageRequest } from '@easel/plugin-sdk';
import { firstProblem } from '../config/first-problem.js';

/** Checks a request against the contract. Throws ERR_REQUEST_INVALID with the first field that is wrong. */
export function parseRequest(request: unknown): ValidImageRequest {
  const parsed = imageRequestSchema.safeParse(request);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.map(String).join('.') || undefined;
  throw new EaselError({ code: 'ERR_REQUEST_INVALID', field, message: `${firstProblem(parsed.error)}.` });
}
