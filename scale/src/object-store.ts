import { EaselError } from '@easel/plugin-sdk';
import { z } from 'zod';

export interface ListedObject {
  readonly key: string;
  /** Milliseconds since 1970, on the clock of the store. */
  readonly writtenAt: number;
}

/** Objects under names, which all servers see. Each call rejects with ERR_STORAGE where it cannot be done. */
export interface ObjectStore {
  /** Undefined: there is none of that name. */
  get(key: string): Promise<Uint8Array | undefined>;
  has(key: string): Promise<boolean>;
  put(key: string, bytes: Uint8Array, mediaType: string): Promise<void>;
  /** Writes an object unless there is one: of several writers at once, one is answered true. */
  putIfAbsent(key: string, bytes: Uint8Array, mediaType: string): Promise<boolean>;
  remove(key: string): Promise<void>;
  /** In the order of their names, at most 1,000. @param after the name that they come after */
  list(prefix: string, limit: number, after?: string): Promise<ListedObject[]>;
}

export const jsonType = 'application/json';
export const toJson = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** What an object of JSON says. Undefined: there is none. Rejects with `DamagedObject` where it cannot be read. */
export async function readJson<Value>(
  objects: ObjectStore,
  key: string,
  schema: z.ZodType<Value>,
): Promise<Value | undefined> {
  const bytes = await objects.get(key);
  if (bytes === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    const what = issue ? [issue.path.join('.'), issue.message].filter(Boolean).join(': ') : 'it is not JSON';
    throw new DamagedObject(key, what);
  }
}

/** An object that is there and does not say what it should, and will not by itself. */
export class DamagedObject extends EaselError {
  constructor(key: string, what: string) {
    super({
      code: 'ERR_STORAGE',
      message: `The object ${key} of the shared store cannot be read (${what}).`,
      hint: 'Submit the job again.',
    });
  }
}
