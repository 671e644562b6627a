import type { z } from 'zod';
import type { AnswerName } from './answers.js';

export interface Operation {
  /** The heading that people find it under. */
  readonly tag: 'Pictures' | 'Jobs' | 'OpenAI' | 'Automatic1111' | 'Probes' | 'Administration';
  readonly method: 'get' | 'post' | 'delete';
  /** With `{name}` for what varies. */
  readonly path: string;
  readonly summary: string;
  /** Absent: it has none. */
  readonly query?: z.ZodObject;
  /** Whether an `Idempotency-Key` makes it one call, however often it is sent. Absent: no. */
  readonly isCreating?: boolean;
  /** Absent: it has none. */
  readonly body?: z.ZodType;
  /** A body that works. Absent: what the schema says. */
  readonly example?: object;
  /** The same as a form, with files. */
  readonly files?: readonly string[];
  readonly status: number;
  /** Absent: the answer is no JSON. */
  readonly answer?: AnswerName;
  readonly failure: AnswerName;
}
