import { type JobResult, jobResultSchema, type StoredJob } from '@easel/core/scale';
import { unknownLane } from '../lanes/lane.js';
import { DamagedObject, type ObjectStore, readJson } from '../object-store.js';
import { Recent } from './recent.js';
import {
  damagedEnd,
  describeDamaged,
  describeFiles,
  type EndFile,
  endFileSchema,
  type JobFile,
  jobFileSchema,
  keys,
} from './record-files.js';

/** Jobs that are kept in memory, and for how long: of what was accepted, only the priority ever changes. */
const [keptJobs, keptMs] = [2_000, 10_000];

/** Reads jobs among the objects that all servers share. */
export class JobReader {
  readonly #objects: ObjectStore;
  readonly #jobs = new Recent<JobFile>(keptJobs, keptMs);
  /** Ends never change. */
  readonly #ends = new Recent<EndFile>(keptJobs, Number.POSITIVE_INFINITY);

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** A job, as failed where it cannot be read. */
  async get(id: string): Promise<StoredJob | undefined> {
    return await this.#describe(id, this.endOf(id));
  }

  /** A job that has not ended, as somebody knows. */
  async unended(id: string): Promise<StoredJob | undefined> {
    return await this.#describe(id);
  }

  /** In which lane of the queue a job belongs. */
  async laneOf(id: string): Promise<string> {
    const job = await this.jobOf(id).catch((error: unknown) => {
      if (error instanceof DamagedObject) return undefined;
      throw error;
    });
    return job?.lane ?? unknownLane;
  }

  /** What was accepted. Rejects with `DamagedObject` where it cannot be read. */
  async jobOf(id: string): Promise<JobFile | undefined> {
    if (!/^[\w-]{1,100}$/.test(id)) return undefined;
    const known = this.#jobs.get(id);
    if (known) return known;
    const job = await readJson(this.#objects, keys.job(id), jobFileSchema);
    if (job) this.remember(job);
    return job;
  }

  /** Has what was accepted be known here for a while. */
  remember(job: JobFile): void {
    this.#jobs.set(job.id, job);
  }

  /** Has what was accepted be read anew. */
  forget(id: string): void {
    this.#jobs.delete(id);
  }

  /** The end of a job, if it is known here without asking the store. */
  knownEnd(id: string): EndFile | undefined {
    return this.#ends.get(id);
  }

  /** Takes in the end of a job that was written here or by another server. Throws for what is none. */
  learnEnd(id: string, end: unknown): void {
    this.#ends.set(id, endFileSchema.parse(end) as EndFile);
  }

  async endOf(id: string): Promise<EndFile | undefined> {
    const known = this.#ends.get(id);
    if (known) return known;
    try {
      const end = (await readJson(this.#objects, keys.end(id), endFileSchema)) as EndFile | undefined;
      if (end) this.#ends.set(id, end);
      return end;
    } catch (error) {
      if (error instanceof DamagedObject) return damagedEnd(error);
      throw error;
    }
  }

  /** Of a job that is a grid: what its cells have made. */
  async soFarOf(job: JobFile): Promise<JobResult | undefined> {
    if (describeFiles(job, undefined).wanted?.grid === undefined) return undefined;
    return await readJson(this.#objects, keys.soFar(job.id), jobResultSchema);
  }

  async #describe(id: string, ending?: Promise<EndFile | undefined>): Promise<StoredJob | undefined> {
    try {
      const [job, end] = await Promise.all([this.jobOf(id), ending]);
      return job && describeFiles(job, end, end?.result ? undefined : await this.soFarOf(job));
    } catch (error) {
      if (error instanceof DamagedObject) return describeDamaged(id, error);
      throw error;
    }
  }
}
