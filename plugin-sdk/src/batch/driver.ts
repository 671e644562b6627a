/**
 * What a provider's batches look like to the part that takes care of them. A driver knows the wire and
 * nothing else: it writes nothing to disk, tries nothing again, and throws `EaselError`s alone.
 *
 * @module
 */
import type { ErrorCode } from '../error-table.js';
import type { EaselError } from '../errors.js';

/**
 * Where the requests of a batch go, in the driver's own words, such as an endpoint or a model. Those of one
 * batch have the same.
 */
export type BatchTarget = Readonly<Record<string, string>>;

/** How far a batch is. The last four are final. */
export type BatchPhase = 'queue' | 'generate' | 'finish' | 'completed' | 'failed' | 'expired' | 'cancelled';

const finalPhases: ReadonlySet<BatchPhase> = new Set(['completed', 'failed', 'expired', 'cancelled']);

/** Whether nothing more comes of a batch. */
export const isFinal = ({ phase }: Pick<BatchState, 'phase'>): boolean => finalPhases.has(phase);

/** A batch, as the provider tells of it. Times are in milliseconds since 1970. */
export interface BatchState {
  /** The provider's. */
  readonly id: string;
  readonly phase: BatchPhase;
  /** Its state in the provider's words, for people. */
  readonly says: string;
  /** Lines, and those of them that are done, well or not. Absent: it does not tell. */
  readonly counts?: { readonly total: number; readonly done: number } | undefined;
  /** Absent: it does not tell. */
  readonly createdAt?: number | undefined;
  /** When it is done or given up at the latest. Absent: it does not tell. */
  readonly expiresAt?: number | undefined;
  /** The files of its results, with the lines that each has at least. */
  readonly results: readonly { readonly fileId: string; readonly lines: number }[];
  /** Why it failed; `place` is the number of the line that is to blame, from 1. */
  readonly problems: readonly { readonly place?: number | undefined; readonly message: string }[];
  /** What its lines fail with where it failed. Absent: ERR_REQUEST_INVALID. */
  readonly failureCode?: ErrorCode | undefined;
}

/** What became of one line: the body of an answer with a picture, JSON, or why there is none. */
export type LineResult = { readonly customId: string } & (
  | { readonly body: string }
  | { readonly failure: EaselError }
);

export interface BatchDriver {
  /** The provider's name, for people. */
  readonly provider: string;
  /** Bytes of an input file, at most. */
  readonly mostBytes: number;
  /** A line of an input file, without its end. The frame around the body has 300 bytes at most. */
  writeLine(customId: string, body: string, target: BatchTarget): string;
  /** The body of a line that {@link writeLine} made. */
  readBody(line: string): string;
  /**
   * Uploads the lines of a batch. Answers the provider's id of the file.
   *
   * @param id our own id of the batch, a UUID, by which the file can be found
   */
  upload(id: string, content: Buffer, stop: AbortSignal): Promise<string>;
  /** The file that was uploaded for a batch of ours. Undefined: there is none. */
  findUpload(id: string, stop: AbortSignal): Promise<string | undefined>;
  deleteUpload(fileId: string, stop: AbortSignal): Promise<void>;
  /** Submits a batch, with our id as its tag. */
  create(batch: OurBatch & { readonly target: BatchTarget }, stop: AbortSignal): Promise<BatchState>;
  /** All batches with our tag, of those that the provider lists. */
  findCreated(batch: OurBatch, stop: AbortSignal): Promise<BatchState[]>;
  /** Throws ERR_REQUEST_INVALID or ERR_MODEL_UNKNOWN where the provider knows the batch no more. */
  look(batchId: string, stop: AbortSignal): Promise<BatchState>;
  /** Throws ERR_REQUEST_INVALID or ERR_MODEL_UNKNOWN where there is nothing left to cancel. */
  cancel(batchId: string, stop: AbortSignal): Promise<void>;
  /**
   * The lines of a file of results as they come. Throws ERR_REQUEST_INVALID or ERR_MODEL_UNKNOWN where it is
   * gone.
   */
  resultLines(fileId: string, stop: AbortSignal): AsyncIterable<string>;
  /** What a line of results says. Undefined: it is not of the protocol, as one that was cut. */
  readResult(line: string): LineResult | undefined;
}

/** A batch by what we know of it. */
export interface OurBatch {
  readonly id: string;
  /** The provider's id of its input. */
  readonly fileId: string;
}
