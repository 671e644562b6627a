/**
 * What Runware sends, runware.ai/docs/platform/introduction: an object with `data`, `errors` or both, over
 * WebSockets and HTTP alike. Entries are read one by one, so that one that is broken takes no other with it.
 *
 * @module
 */
import { z } from 'zod';

/** Forms of an image; the preprocessors of ControlNets name theirs otherwise. */
const imageForms = ['UUID', 'URL', 'Base64Data', 'DataURI'] as const;

const itemFields = z.looseObject({
  taskType: z.string().optional(),
  taskUUID: z.string().optional(),
  status: z.string().optional(),
  imageUUID: z.string().optional(),
  imageURL: z.string().optional(),
  imageBase64Data: z.string().optional(),
  imageDataURI: z.string().optional(),
  seed: z.number().optional(),
  NSFWContent: z.boolean().optional(),
  /** US dollars; only where `includeCost` asked for it. */
  cost: z.number().nonnegative().optional(),
  /** A prompt that was worded anew. */
  text: z.string().optional(),
  /** Percent of a task that is being worked on. */
  progress: z.number().optional(),
  connectionSessionUUID: z.string().optional(),
  pong: z.boolean().optional(),
  /** What came of a task, in the answer to `getTaskDetails`. */
  response: z.unknown().optional(),
  error: z.unknown().optional(),
});
const itemSchema = z.preprocess(asImage, itemFields);
/** An entry of `data`. */
export type Item = z.output<typeof itemSchema>;

/** What a preprocessor answers as a guide is an image to us. */
function asImage(item: unknown): unknown {
  const { success, data } = z.record(z.string(), z.unknown()).safeParse(item);
  if (!success) return item;
  const guides = imageForms.flatMap((form) => {
    const guide = data[`guideImage${form}`];
    return guide === undefined ? [] : [[`image${form}`, guide]];
  });
  return { ...data, ...Object.fromEntries(guides) };
}

const complaintSchema = z.looseObject({
  code: z.string().optional(),
  message: z.string().optional(),
  parameter: z.union([z.string(), z.array(z.string())]).optional(),
  taskType: z.string().optional(),
  taskUUID: z.string().optional(),
  status: z.string().optional(),
});

/** An entry of `errors`. */
export interface Complaint {
  /** Absent ones are `unknownError`. */
  readonly code: string;
  readonly message: string;
  /** Parameters that it is about; empty where it names none. */
  readonly parameters: readonly string[];
  readonly taskType?: string | undefined;
  readonly taskUUID?: string | undefined;
  /** `error`: it says how a task has ended, and not what is wrong with a message. Absent: one cannot tell. */
  readonly status?: string | undefined;
  /** Whether the archive has it: it is what the task ended with. Absent: no. */
  readonly isArchived?: boolean | undefined;
  /** Of the HTTP answer that it came with. Absent: it came over a WebSocket. */
  readonly httpStatus?: number | undefined;
  /** Milliseconds of the HTTP answer's Retry-After. Absent: there was none. */
  readonly retryAfterMs?: number | undefined;
}

export interface Frame {
  readonly items: readonly Item[];
  readonly complaints: readonly Complaint[];
}

/** The most bytes of an answer or a message: several images as base64. */
export const mostAnswerBytes = 128 * 1024 * 1024;

/** What is not a frame of the protocol. */
export const garbledCode = 'easelUnreadable';

/** Characters of an unreadable answer that are quoted. */
const quoted = 200;

/**
 * Reads one message or one HTTP body; what cannot be read becomes a complaint with the code
 * {@link garbledCode}.
 */
export function readFrame(text: string): Frame {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { items: [], complaints: [garbled(`it is not JSON: ${text.slice(0, quoted) || '(nothing)'}`)] };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return { items: [], complaints: [garbled('it is not an object')] };
  const { data = [], errors = [], ...rest } = json as Record<string, unknown>;
  const { items, complaints } = readEntries(asList(data));
  return { items, complaints: [...complaints, ...readErrors(asList(errors)), ...readOlderForms(rest)] };
}

/** Reads entries of `data`; one with the status "error" is a complaint. */
export function readEntries(entries: readonly unknown[]): Frame {
  const items: Item[] = [];
  const complaints: Complaint[] = [];
  for (const entry of entries) readEntry(entry, items, complaints);
  return { items, complaints };
}

/** Reads entries of `errors`. */
export const readErrors = (entries: readonly unknown[]): Complaint[] => entries.map(readComplaint);

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function readEntry(entry: unknown, items: Item[], complaints: Complaint[]): void {
  const parsed = itemSchema.safeParse(entry);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    complaints.push({
      ...garbled(`${issue?.path.map(String).join('.')}: ${issue?.message}`),
      taskUUID: complaintSchema.safeParse(entry).data?.taskUUID,
    });
    return;
  }
  const item = parsed.data;
  // An item with the status "error" has its reason inside.
  if (item.status === 'error' || (item.error !== undefined && item.error !== null)) {
    const { taskType, taskUUID } = item;
    complaints.push({
      taskType,
      taskUUID,
      status: 'error',
      ...withoutAbsent(readComplaint(item.error ?? item)),
    });
  } else items.push(item);
}

function readComplaint(entry: unknown): Complaint {
  const parsed = complaintSchema.safeParse(entry);
  if (!parsed.success)
    return garbled(`an error of it cannot be read: ${JSON.stringify(entry).slice(0, quoted)}`);
  const { code = 'unknownError', message = '(no message)', parameter = [], ...rest } = parsed.data;
  const { taskType, taskUUID, status } = rest;
  const parameters = typeof parameter === 'string' ? [parameter] : parameter;
  return { code, message, parameters, taskType, taskUUID, status };
}

/** `{ error: { ... } }`, and before 2025 `{ error: true, errorId, errorMessage }`. */
function readOlderForms({ error, errorId, errorMessage, taskUUID }: Record<string, unknown>): Complaint[] {
  if (typeof error === 'object' && error !== null) {
    const complaint = readComplaint(error);
    return [typeof taskUUID === 'string' ? { taskUUID, ...withoutAbsent(complaint) } : complaint];
  }
  if (error !== true && errorMessage === undefined) return [];
  const message = typeof errorMessage === 'string' ? errorMessage : '(no message)';
  // Number 19 is the key's.
  return [{ code: errorId === 19 ? 'invalidApiKey' : 'unknownError', message, parameters: [] }];
}

const withoutAbsent = ({ code, message, parameters, ...others }: Complaint): Complaint => ({
  code,
  message,
  parameters,
  ...Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined)),
});

/** A complaint of ours, about what cannot be read. */
export const garbled = (message: string): Complaint => ({ code: garbledCode, message, parameters: [] });
