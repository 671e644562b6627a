/**
 * The lines of a batch: platform.openai.com/docs/guides/batch.
 *
 * @module
 */
import { z } from 'zod';

export interface BatchLine<Body = unknown> {
  readonly customId: string;
  readonly body: Body;
}

/** A problem of an input file, as it is in `errors.data` of a batch. */
export interface LineProblem {
  readonly code: string;
  readonly line: number | null;
  readonly message: string;
  readonly param: string | null;
}

/** What a service takes in the lines of its batches. */
export interface LineRules<Body> {
  readonly endpoints: ReadonlySet<string>;
  /** Lines of a file, at most. */
  readonly mostLines: number;
  /** Bytes of a file, at most. */
  readonly mostBytes: number;
  bodySchema(endpoint: string): z.ZodType<Body>;
  /** What is wrong with a body that its schema takes. Absent: nothing ever. */
  problemOf?(endpoint: string, body: Body, first: Body): Omit<LineProblem, 'line'> | undefined;
}

/** The lines of an input file, or what keeps the batch from being begun. */
export function readBatchLines<Body>(
  file: Buffer,
  endpoint: string,
  { mostLines, bodySchema, problemOf }: LineRules<Body>,
): { readonly lines: readonly BatchLine<Body>[]; readonly problems: readonly LineProblem[] } {
  const texts = file.toString('utf8').replace(/\n$/, '').split('\n');
  const lines: BatchLine<Body>[] = [];
  const problems: LineProblem[] = [];
  const seen = new Set<string>();
  if (texts.length > mostLines)
    problems.push({ code: 'too_many_tasks', line: null, message: `More than ${mostLines}.`, param: null });
  for (const [index, text] of texts.entries()) {
    const complain = (code: string, message: string, param: string | null = null) =>
      problems.push({ code, line: index + 1, message, param });
    const frame = frameSchema.safeParse(parseJson(text));
    const url = frame.data?.url ?? endpoint;
    const body = frame.success ? bodySchema(url).safeParse(frame.data.body) : undefined;
    const [issue] = frame.error?.issues ?? body?.error?.issues ?? [];
    if (!frame.success || !body?.success) {
      const path = [...(frame.success ? ['body'] : []), ...(issue?.path ?? [])].join('.');
      complain('invalid_json_line', `${path}: ${issue?.message}`, path);
      continue;
    }
    const { custom_id: customId } = frame.data;
    if (seen.has(customId)) complain('duplicate_custom_id', `The custom_id "${customId}" is used twice.`);
    if (url !== endpoint) complain('mismatched_url', `The url ${url} is not the batch's ${endpoint}.`, 'url');
    const problem = problemOf?.(url, body.data, lines[0]?.body ?? body.data);
    if (problem) complain(problem.code, problem.message, problem.param);
    seen.add(customId);
    lines.push({ customId, body: body.data });
  }
  return { lines, problems };
}

const frameSchema = z.strictObject({
  custom_id: z.string().min(1).max(512),
  method: z.literal('POST'),
  url: z.string(),
  body: z.unknown(),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
