/** What is too large for the storage of texts is kept in a database of the browser. */
const openDatabase = (): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open('easel', 1);
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore('kept'));
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });

async function use<Value>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<Value>,
): Promise<Value> {
  const database = await openDatabase();
  try {
    return await new Promise((resolve, reject) => {
      const request = act(database.transaction('kept', mode).objectStore('kept'));
      request.addEventListener('success', () => resolve(request.result));
      request.addEventListener('error', () => reject(request.error));
    });
  } finally {
    database.close();
  }
}

/** Keeps a value for the next time that the page is opened, where the browser lets it. */
export async function keepValue(name: string, value: unknown): Promise<void> {
  await use('readwrite', (store) => store.put(value, name)).catch(() => {});
}

/** Undefined: there is none. */
export async function readValue(name: string): Promise<unknown> {
  return await use('readonly', (store) => store.get(name) as IDBRequest<unknown>).catch(() => undefined);
}
