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

/** What an object of JSON says. Undefined: there is none. Throws where it is no JSON. */
export async function readJson(objects: ObjectStore, key: string): Promise<unknown> {
  const bytes = await objects.get(key);
  return bytes && JSON.parse(Buffer.from(bytes).toString('utf8'));
}
