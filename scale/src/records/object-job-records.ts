import { randomUUID } from 'node:crypto';
import {
  type AcceptedRecord,
  type AskedPlugin,
  type FixedChoices,
  fixedChoicesSchema,
  type JobEnd,
  type JobPlace,
  type JobRecords,
  type MadeCell,
  type NewRecord,
  type StoredJob,
} from '@easel/core/scale';
import type { z } from 'zod';
import {
  DamagedObject,
  jsonType,
  type ListedObject,
  type ObjectStore,
  readJson,
  toJson,
} from '../object-store.js';
import { AskedNotes } from './asked-notes.js';
import { idOf } from './job-id.js';
import { JobReader } from './job-reader.js';
import { callerPrefix, everybody, listKey } from './list-keys.js';
import {
  askedFileSchema,
  describeFiles,
  type EndFile,
  type JobFile,
  type JobToDo,
  keys,
} from './record-files.js';

const none = new Uint8Array();
const pathOf = (id: string): string => `jobs/${id}/`;

/**
 * Jobs as objects that all servers share. That an object can be written only where there is none makes what
 * matters happen once: that a job is accepted under its key, and that it ends.
 */
export class ObjectJobRecords implements JobRecords {
  readonly #objects: ObjectStore;
  readonly #asked: AskedNotes;
  readonly reader: JobReader;

  /** @param storageId of the server that asks plugins */
  constructor(objects: ObjectStore, storageId: string) {
    this.#objects = objects;
    this.#asked = new AskedNotes(objects, storageId);
    this.reader = new JobReader(objects);
  }

  /** @param record its lane is absent where nobody has to find it in the queue again */
  async create(record: NewRecord & Pick<JobFile, 'lane'>): Promise<AcceptedRecord> {
    const { caller, request, fixed, lane, priority, idempotencyKey, webhook, now, startBefore } = record;
    const id = idOf(caller, idempotencyKey);
    const times = { createdAt: now, startBefore };
    const job: JobFile = { id, caller, priority, request, fixed, lane, webhook, ...times };
    // From here on the reconciler looks after it, whatever becomes of this process.
    await this.#objects.put(keys.open(id), none, jsonType);
    let end: EndFile | undefined;
    if (!(await this.#objects.putIfAbsent(keys.job(id), toJson(job), jsonType))) {
      const known = await this.#known(id);
      if (known) return known;
      // What is there cannot be read, and is of the same caller and key.
      end = await this.reader.endOf(id);
      await this.#objects.put(keys.job(id), toJson(job), jsonType);
    }
    this.reader.remember(job);
    const lists = [callerPrefix(caller), everybody].map((prefix) => listKey(prefix, job));
    await Promise.all(lists.map((list) => this.#objects.put(list, none, jsonType)));
    return { job: describeFiles(job, end), isNew: true, request };
  }

  /** Whether a caller has used a key before. */
  async isKnown(caller: string, idempotencyKey: string | undefined): Promise<boolean> {
    if (idempotencyKey === undefined) return false;
    return await this.#objects.has(keys.job(idOf(caller, idempotencyKey)));
  }

  async get(id: string): Promise<StoredJob | undefined> {
    return await this.reader.get(id);
  }

  async list(caller: string | undefined, limit: number, before: string | undefined): Promise<StoredJob[]> {
    const ids = await this.listIds(caller, limit, before);
    const jobs = await Promise.all(ids.map((id) => this.get(id)));
    return jobs.filter((job) => job !== undefined);
  }

  /** As `list`, the ids alone. */
  async listIds(caller: string | undefined, limit: number, before: string | undefined): Promise<string[]> {
    const prefix = caller === undefined ? everybody : callerPrefix(caller);
    const last = before === undefined ? undefined : await this.reader.jobOf(before);
    const found = await this.#objects.list(prefix, limit, last && listKey(prefix, last));
    return found.map(({ key }) => key.slice(key.lastIndexOf('-') + 1));
  }

  async places(ids: readonly string[]): Promise<JobPlace[]> {
    const found = await Promise.all(
      ids.map(async (id): Promise<JobPlace | undefined> => {
        const end = await this.reader.endOf(id);
        if (end) return { id, state: end.state, owner: end.owner };
        return (await this.#objects.has(keys.job(id))) ? { id, state: 'queued', owner: null } : undefined;
      }),
    );
    return found.filter((place) => place !== undefined);
  }

  async fix(id: string, _owner: string, fixed: FixedChoices): Promise<boolean> {
    if (await this.#objects.has(keys.end(id))) return false;
    await this.#objects.put(keys.fixed(id), toJson(fixed), jsonType);
    return true;
  }

  async noteAsked(id: string, _owner: string, asked: AskedPlugin): Promise<boolean> {
    // Whoever is not paid may be asked as often as it takes.
    if (asked.isPaid === false) return true;
    if (await this.#objects.has(keys.end(id))) return false;
    return await this.#asked.write(id, asked);
  }

  /** Takes back who was asked, as this server was refused and nobody was paid. */
  async withdrawAsked(id: string): Promise<void> {
    await this.#asked.withdraw(id);
  }

  async noteCell(id: string, _owner: string, { soFar }: MadeCell): Promise<StoredJob | undefined> {
    if (await this.#objects.has(keys.end(id))) return undefined;
    await this.#objects.put(keys.soFar(id), toJson(soFar), jsonType);
    return await this.get(id);
  }

  async end(
    id: string,
    owner: string,
    end: JobEnd,
    now: number,
    startedAt?: number,
  ): Promise<StoredJob | undefined> {
    const state = 'result' in end ? 'succeeded' : 'failed';
    return await this.#end(id, { state, ...end, owner, startedAt, endedAt: now });
  }

  /** Has the record say what the queue says, should that have to be made again. */
  async setPriority(id: string, priority: number): Promise<void> {
    const job = await this.reader.jobOf(id);
    if (!job) return;
    await this.#objects.put(keys.job(id), toJson({ ...job, priority }), jsonType);
    this.reader.forget(id);
  }

  async cancel(id: string, server: string, now: number): Promise<StoredJob | undefined> {
    if (!(await this.#objects.has(keys.job(id)))) return undefined;
    // Each cancel is one of its own: the second finds that the job has ended.
    const owner = `${server} ${randomUUID()}`;
    return await this.#end(id, { state: 'cancelled', owner, endedAt: now });
  }

  /** Undefined: there is no such job, or it has ended. Rejects with `DamagedObject` where it cannot be read. */
  async toDo(id: string): Promise<JobToDo | undefined> {
    const [files, job] = await Promise.all([this.#objects.list(pathOf(id), 10), this.reader.jobOf(id)]);
    const found = new Set(files.map(({ key }) => key));
    if (!job || found.has(keys.end(id))) return undefined;
    const read = async <Value>(key: string, schema: z.ZodType<Value>) =>
      found.has(key) ? await readJson(this.#objects, key, schema) : undefined;
    const [fixed, asked] = await Promise.all([
      read(keys.fixed(id), fixedChoicesSchema),
      read(keys.asked(id), askedFileSchema),
    ]);
    return { job, soFar: await this.reader.soFarOf(job), fixed: job.fixed ?? fixed, asked };
  }

  /** Whether somebody was asked for a job who may have been paid. */
  async wasAsked(id: string): Promise<boolean> {
    return await this.#objects.has(keys.asked(id));
  }

  /** Jobs that have not ended, or whose end has not been noticed, by their ids. */
  async open(after?: string): Promise<ListedObject[]> {
    const last = after === undefined ? undefined : keys.open(after);
    const found = await this.#objects.list('open/', 1_000, last);
    return found.map(({ key, writtenAt }) => ({ key: key.slice('open/'.length), writtenAt }));
  }

  /** To be called once the end of a job has been noticed by all that have to. */
  async settle(id: string): Promise<void> {
    await this.#objects.remove(keys.open(id));
  }

  /** Undefined: what is there cannot be read. */
  async #known(id: string): Promise<AcceptedRecord | undefined> {
    const [job, end] = await Promise.all([
      this.reader.jobOf(id).catch((error: unknown) => {
        if (error instanceof DamagedObject) return undefined;
        throw error;
      }),
      this.reader.endOf(id),
    ]);
    return job && { job: describeFiles(job, end), isNew: false, request: job.request };
  }

  /** An end whose answer was lost is still the one of whoever wrote it. */
  async #end(id: string, end: EndFile): Promise<StoredJob | undefined> {
    const isFirst = await this.#objects.putIfAbsent(keys.end(id), toJson(end), jsonType);
    if (!isFirst && (await this.reader.endOf(id))?.owner !== end.owner) return undefined;
    this.reader.learnEnd(id, end);
    return await this.get(id);
  }
}
