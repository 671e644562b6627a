import type { z } from 'zod';
import { HttpError } from './errors.js';

/** A body as its schema makes it. Throws status 400 with the field that is wrong. */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.map(String).join('.');
  const where = param ? `${param}: ` : '';
  throw new HttpError(400, 'invalid_request', `${where}${issue?.message ?? 'is not valid'}`, {
    param: param || undefined,
  });
}

/** `768x512` in pixels; undefined for `auto`, and for nothing. */
export function parseSize(size: string | undefined): { width: number; height: number } | undefined {
  if (size === undefined || size === 'auto') return undefined;
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(size) ?? [];
  if (width === undefined || height === undefined)
    throw new HttpError(
      400,
      'invalid_request',
      `size: "${size.slice(0, 40)}" must be WIDTHxHEIGHT, such as 768x512, or auto`,
      {
        param: 'size',
      },
    );
  return { width: Number(width), height: Number(height) };
}
