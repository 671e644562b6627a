import type { z } from 'zod';
import { readBytes } from '../float-values.js';
import { invalidFiles } from '../invalid-files.js';
import { jsonPlace } from '../read-file.js';
import type { TensorLocation } from '../safetensors.js';

/** Settings of one layer have about a hundred bytes. */
const maximumBytes = 65_536;

/**
 * Reads the JSON that a tensor of bytes holds.
 *
 * @param name of the tensor, for messages
 * @throws ERR_MODEL_FILES_INVALID where it is no JSON, or not what the schema says
 */
export async function readSmallJson<Schema extends z.ZodType>(
  name: string,
  { file, offset, length }: TensorLocation,
  schema: Schema,
): Promise<z.output<Schema>> {
  if (length > maximumBytes)
    throw invalidFiles(`${file}: "${name}" is ${length} bytes of settings: too long.`);
  const bytes = await readBytes(file, offset, length);
  return parseSmallJson(`${file}: "${name}"`, bytes.toString('utf8'), schema);
}

/** The same of a text. @param what for messages */
export function parseSmallJson<Schema extends z.ZodType>(
  what: string,
  text: string,
  schema: Schema,
): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidFiles(`${what} is not valid JSON${jsonPlace(cause)}.`, undefined, cause);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalidFiles(`${what} has a bad ${issue?.path.join('.') || 'value'}: ${issue?.message}`);
}
