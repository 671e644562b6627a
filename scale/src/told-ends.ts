import { type EndFollower, type HostLogger, hasEnded, type JobEnds } from '@easel/core/scale';
import type { ObjectJobRecords } from './records/object-job-records.js';
import { Recent } from './records/recent.js';
import type { JobChannel } from './redis/job-channel.js';

/** Jobs of a page of the list, its pages, and jobs that are read at once. */
const [pageSize, pages, atOnce] = [1_000, 5, 8];

/** Tells of the ends of jobs, by what servers say of them, and by the list where nobody was heard. */
export class ToldEnds implements JobEnds {
  readonly #records: ObjectJobRecords;
  readonly #channel: JobChannel;
  readonly #logger: HostLogger;
  readonly #told = new Recent<true>(pageSize * pages, Number.POSITIVE_INFINITY);

  constructor(records: ObjectJobRecords, channel: JobChannel, logger: HostLogger) {
    this.#records = records;
    this.#channel = channel;
    this.#logger = logger;
  }

  follow(follower: EndFollower): void {
    const warn = (error: Error) => this.#logger.warn(`The end of a job is noticed later: ${error.message}`);
    this.#channel.listen((message) => {
      if (message.type !== 'state' || message.end === undefined) return;
      void this.#hear(message.id, message.end, follower).catch(warn);
    });
    this.#channel.hearJobs();
    // What was said while the connection was cut was not heard.
    this.#channel.onReady(() => void this.#look(follower).catch(warn));
  }

  async #hear(id: string, end: unknown, follower: EndFollower): Promise<void> {
    this.#records.reader.learnEnd(id, end);
    await this.#tell(id, follower);
  }

  async #look(follower: EndFollower): Promise<void> {
    let before: string | undefined;
    for (let page = 0; page < pages; page++) {
      const ids = await this.#records.listIds(undefined, pageSize, before);
      const unknown = await follower.unknown(ids.filter((id) => !this.#told.get(id)));
      for (let at = 0; at < unknown.length; at += atOnce)
        await Promise.all(unknown.slice(at, at + atOnce).map((id) => this.#tell(id, follower)));
      if (ids.length < pageSize) return;
      before = ids.at(-1);
    }
  }

  async #tell(id: string, follower: EndFollower): Promise<void> {
    if (this.#told.get(id)) return;
    const job = await this.#records.get(id);
    if (!job || !hasEnded(job)) return;
    await follower.take(job);
    this.#told.set(id, true);
  }
}
