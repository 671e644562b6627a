import { text } from 'node:stream/consumers';
import { firstProblem } from '../../config/first-problem.js';
import { type ImagesRequest, imagesRequestSchema } from '../../http/images/generate.js';
import { UsageError } from '../terminal/usage-error.js';

/** The request of `--request`: JSON, or `-` for what comes on stdin. Throws a UsageError for what is none. */
export async function readRequest(given: string): Promise<ImagesRequest> {
  let value: unknown;
  try {
    value = JSON.parse(given === '-' ? await text(process.stdin) : given);
  } catch (cause) {
    throw new UsageError(`--request is not JSON: ${(cause as Error).message}`);
  }
  const parsed = imagesRequestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--request: ${firstProblem(parsed.error)}`);
}
