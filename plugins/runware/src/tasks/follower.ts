import type { EaselError } from '@easel/plugin-sdk';
import type { Config } from '../settings.js';
import { backoffMs } from '../transport/backoff.js';
import type { Message, Sender, SendOptions } from '../transport/carrier.js';
import { aborted, pause } from '../transport/pause.js';
import { failureOf } from '../wire/failures.js';
import type { Complaint } from '../wire/frame.js';
import { archiveQuestion } from './archive.js';
import { classifyError } from './classify-error.js';
import type { Inbox, News } from './inbox.js';
import { notArriving, type Outcome, outOfReach, silent, vanished } from './outcome.js';

export interface FollowOptions {
  readonly task: Message;
  /** Results that it makes. */
  readonly count: number;
  /** Whether it may have been sent before, by a call that is gone. */
  readonly isAdopted: boolean;
  readonly inbox: Inbox;
  readonly sender: Sender;
  readonly onCarrier: SendOptions['onCarrier'];
  readonly config: Config;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Told when something has come. */
  readonly onNews: () => void;
}

/** What to do next. */
type Step = 'send' | 'ask' | 'ask-archive' | Outcome;

/**
 * Times that a task which Runware says it has not is sent, and that one which it has taken may be unknown to
 * it.
 */
const mostSends = 4;
const mostUnknown = 5;
/** Answers of the archive that hold neither results nor an end. */
const mostArchiveAnswers = 2;
/** Questions in a row that failed. */
const mostUnanswered = 4;
/** Losses in a row that pauses grow with; connections have pauses of their own. */
const mostLosses = 3;

/**
 * Sends a task and stays with it until its results are there, through lost connections, unreadable answers
 * and a Runware that restarts. The task keeps its UUID: whenever it is in doubt whether it arrived, it is
 * asked for (`getResponse`), and sent again only where Runware does not know it; `conflictTaskUUID` then says
 * that it had arrived after all. So it is paid once.
 */
export class Follower {
  readonly #options: FollowOptions;
  #last: 'send' | 'ask' | 'ask-archive' = 'send';
  #sends = 0;
  #unknown = 0;
  #unanswered = 0;
  #archiveAnswers = 0;
  #losses = 0;
  #isTaken = false;
  #isPushed: boolean;
  /** A complaint that named no task: this one's, if Runware does not know it. */
  #unnamed: Complaint | undefined;
  /** Why some of its results will not come. */
  #failure: EaselError | undefined;
  #pollMs: number;
  #heardAt = performance.now();

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#pollMs = options.config.firstPollMs;
    this.#isPushed = options.task.deliveryMethod !== 'async' && !options.isAdopted;
  }

  /** Rejects only with ERR_ABORTED; all else is an outcome. */
  async run(): Promise<Outcome> {
    let step: Step = this.#options.isAdopted ? 'ask' : 'send';
    while (typeof step === 'string') step = (await this.#transmit(step)) ?? (await this.#listen());
    return step;
  }

  /** Undefined: it may have left. */
  async #transmit(step: 'send' | 'ask' | 'ask-archive'): Promise<Step | undefined> {
    const { task, inbox, sender, signal, onCarrier, isAdopted, random } = this.#options;
    const { taskUUID } = inbox;
    const question = step === 'ask' ? { taskType: 'getResponse', taskUUID } : archiveQuestion(taskUUID);
    try {
      await sender.send(step === 'send' ? task : question, { signal, before: inbox.carrier, onCarrier });
    } catch (error) {
      if (signal.aborted) throw aborted();
      const failure = error as EaselError;
      if (this.#sends === 0 && !isAdopted) return { kind: 'failed', ending: 'not-taken', failure };
      if (failure.code !== 'ERR_PROVIDER_UNAVAILABLE' || this.#isSilent())
        return outOfReach(taskUUID, failure);
      this.#losses += 1;
      return await this.#after(backoffMs(this.#losses, random), step);
    }
    this.#last = step;
    if (step !== 'send') return undefined;
    this.#sends += 1;
    // Until it has left there is nothing that Runware could say of it.
    if (this.#sends === 1) this.#heardAt = performance.now();
    return undefined;
  }

  /** Waits for what comes, and says what to do then. */
  async #listen(): Promise<Step> {
    const { inbox, signal, config, count, onNews } = this.#options;
    let waitMs = this.#last === 'send' ? this.#restMs() : config.answerMs;
    for (;;) {
      const news = await inbox.next(waitMs, signal);
      if (signal.aborted) throw aborted();
      if (!news) return this.#isSilent() ? silent(inbox.taskUUID, config.silenceMs) : 'ask';
      if (news.isTaken) this.#hear();
      if (news.isTaken && this.#last === 'ask-archive') this.#archiveAnswers += 1;
      onNews();
      // What has been made is never given up for what was not.
      if (inbox.results.size >= count) return this.#made();
      const step = await this.#judge(news);
      if (step) return step;
      // Runware has it, and works on it.
      waitMs = this.#restMs();
    }
  }

  async #judge(news: News): Promise<Step | undefined> {
    const { inbox, random } = this.#options;
    if (news.refused) return outOfReach(inbox.taskUUID, news.refused);
    for (const complaint of news.complaints) {
      const step = await this.#react(complaint, news);
      if (step) return step;
    }
    // All parts of it have ended, and some of them badly.
    if (this.#failure && news.isTaken && this.#last === 'ask' && !news.isWorking) return this.#made();
    if (!news.lost) return undefined;
    this.#isPushed = false;
    this.#losses += 1;
    if (this.#isSilent()) return outOfReach(inbox.taskUUID, news.lost);
    return await this.#after(backoffMs(Math.min(this.#losses, mostLosses), random), 'ask');
  }

  async #react(complaint: Complaint, { isWorking }: News): Promise<Step | undefined> {
    const { count, inbox, random } = this.#options;
    const failure = failureOf('Making a picture', complaint);
    const verdict = classifyError(complaint, {
      last: this.#last === 'send' ? 'send' : 'ask',
      isTaken: this.#isTaken,
      isPushed: this.#isPushed,
      sends: this.#sends,
    });
    if (verdict === 'unknown') return await this.#reactToUnknown();
    if (verdict === 'doubtful') return outOfReach(inbox.taskUUID, failure);
    if (verdict === 'not-taken') return { kind: 'failed', ending: 'not-taken', failure };
    if (verdict === 'failed') {
      // Of several results one has failed: what becomes of the others only a question tells.
      const isTold = this.#failure && !isWorking && this.#last === 'ask';
      if (count === 1 || isTold || complaint.isArchived) return this.#made(failure);
      const isFirst = this.#failure === undefined;
      this.#failure = failure;
      return isFirst ? 'ask' : undefined;
    }
    if (verdict === 'taken') {
      this.#isTaken = true;
      this.#isPushed = false;
      return 'ask';
    }
    if (verdict === 'unnamed') this.#unnamed = complaint;
    this.#unanswered += 1;
    if (this.#unanswered > mostUnanswered) return outOfReach(inbox.taskUUID, failure);
    return await this.#after(failure.retryAfterMs ?? backoffMs(this.#unanswered, random), 'ask');
  }

  /**
   * Runware does not know the task. The archive has the last word: whether results that are pushed can be
   * asked for is not documented.
   */
  async #reactToUnknown(): Promise<Step> {
    const { inbox, random } = this.#options;
    const { taskUUID } = inbox;
    if (this.#last === 'ask-archive' || this.#archiveAnswers >= mostArchiveAnswers)
      return this.#isTaken ? vanished(taskUUID) : notArriving(taskUUID, this.#sends);
    if (this.#isTaken) {
      this.#unknown += 1;
      const step = this.#unknown < mostUnknown ? 'ask' : 'ask-archive';
      return await this.#after(this.#nextPollMs(), step);
    }
    if (this.#unnamed)
      return { kind: 'failed', ending: 'not-taken', failure: failureOf('Making a picture', this.#unnamed) };
    if (this.#sends >= mostSends) return 'ask-archive';
    return await this.#after(backoffMs(this.#sends, random), 'send');
  }

  #hear(): void {
    this.#isTaken = true;
    this.#unnamed = undefined;
    this.#unanswered = 0;
    this.#losses = 0;
    this.#heardAt = performance.now();
  }

  /** All results that there are; none: it has failed. */
  #made(failure = this.#failure): Outcome {
    const { inbox, count } = this.#options;
    const items = [...inbox.results.values()].slice(0, count);
    if (items.length === 0 && failure) return { kind: 'failed', ending: 'failed', failure };
    return { kind: 'made', items, failure: items.length < count ? failure : undefined };
  }

  /** Milliseconds until Runware is asked, when it has nothing to say by itself. */
  #restMs(): number {
    return this.#isPushed ? this.#options.config.requestMs : this.#nextPollMs();
  }

  /** Half as long again each time, runware.ai/docs/platform/task-polling. */
  #nextPollMs(): number {
    const ms = this.#pollMs;
    this.#pollMs = Math.min(this.#options.config.longestPollMs, ms * 1.5);
    return ms;
  }

  #isSilent(): boolean {
    return performance.now() - this.#heardAt > this.#options.config.silenceMs;
  }

  async #after(ms: number, step: Step): Promise<Step> {
    await pause(ms, this.#options.signal);
    return step;
  }
}
