import type { Progress } from '@easel/plugin-sdk';
import type { ImageResult } from '../../results/image-result.js';
import type { Account } from './account.js';
import type { AskedPlugin, FixedChoices } from './fixed-request.js';
import type { RequestIdentity } from './identity.js';

export interface GenerateOptions {
  /** Cancels the call: it rejects at once with ERR_ABORTED. Absent: it cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the call is; the fraction never falls. Absent: nobody is told. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Who asks, for example a user's id: where calls wait, callers take turns. Absent: all that do not say are
   * one caller.
   */
  readonly caller?: string | undefined;
  /** Where calls wait, a higher one goes first, whoever asks; -100 to 100. Absent: 0. */
  readonly priority?: number | undefined;
  /**
   * Id of the call, 1 to 200 characters; reaches the plugin as `requestId`. Give the same one when the same
   * call is carried out again, for example after a restart: what was paid for it is then taken up, and not
   * paid again. Absent: a new one, which only the tries of this call share.
   */
  readonly requestId?: string | undefined;
  /**
   * Takes the result into safe keeping, for example onto the disk; the call waits for it. Only when it has
   * resolved is the plugin told that its result is received; until then a plugin that was paid keeps what it
   * has made, for a call with the same `requestId`. Where it rejects, so does the call. Absent: the result is
   * received when the promise of the call resolves.
   */
  readonly onResult?: ((result: ImageResult) => Promise<unknown> | unknown) | undefined;
  /**
   * Looks for an earlier result of the same request, before any plugin is asked; the call answers with what
   * it finds, and rejects with what it rejects with. Absent, or where it finds nothing: the images are made.
   */
  readonly findResult?: ((identity: RequestIdentity) => Promise<ImageResult | undefined>) | undefined;
  /** Keeps account of what the call costs, and refuses what is beyond a budget. Absent: nobody does. */
  readonly account?: Account | undefined;
  /** What `fixRequest` answered for the request. Absent: the current model counts, and a seed is drawn. */
  readonly fixed?: FixedChoices | undefined;
  /**
   * Which files on this machine the request may name in the options of plugins: `any` by its path, or those
   * of `models` alone, ids of models and what lies below `server.modelFolders`, for requests of others.
   * Absent: `any`.
   */
  readonly fileAccess?: 'any' | 'models' | undefined;
  /**
   * Told before each try which plugin is asked, and waited for; the call rejects with what it rejects with.
   * Absent: nobody is told.
   */
  readonly beforeAsking?: ((asked: AskedPlugin) => Promise<void>) | undefined;
  /**
   * Goes before all others: the one that had been asked last when the call was cut off, as it may have been
   * paid. Absent: nobody does.
   */
  readonly askFirst?: AskedPlugin | undefined;
}
