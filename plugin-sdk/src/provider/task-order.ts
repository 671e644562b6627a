import type { TaskJournal } from '../journal/task-journal.js';
import type { TaskIdentity } from '../journal/task-record.js';
import type { Logger } from '../plugin.js';
import type { MadeImages } from './made-images.js';
import type { ImageSource, TaskDriver } from './task-driver.js';
import type { TaskSettings } from './task-settings.js';

export interface TaskOrder<Ticket> {
  readonly identity: TaskIdentity;
  /** The provider's id of the model, for people. */
  readonly model: string;
  /** Images that the task makes. */
  readonly count: number;
  /** Whether the call may come again when it has been cancelled: the task then goes on. */
  readonly isResumable: boolean;
  readonly signal: AbortSignal;
  /** Settles with whether the images have been received; until then they are kept. */
  readonly received: Promise<boolean>;
  /** Asks the provider to begin. Rejects with an EaselError; its `mayBePaid`: it may have begun. */
  readonly submit: (signal: AbortSignal, webhookUrl: string | undefined) => Promise<Ticket>;
  /** Told of 0 to 1 of it. */
  readonly onProgress: (fraction: number) => void;
}

export interface TaskResult extends MadeImages {
  /** Whether it had been begun before it was asked for. */
  readonly isResumed: boolean;
}

export interface AsyncTasksOptions<Ticket> {
  readonly journal: TaskJournal;
  readonly driver: TaskDriver<Ticket>;
  readonly settings: TaskSettings;
  readonly logger: Logger;
  /** Address below which the provider may tell of tasks. Absent: it is told of none. */
  readonly webhookUrl?: string | undefined;
  /** Fetches an image. Rejects with an EaselError. */
  readonly fetch: (image: ImageSource, signal: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>;
}
