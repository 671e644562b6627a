import type {
  Cost,
  GenerationRequest,
  MemoryPlan,
  Progress,
  ValidGenerationResult,
  Webhook,
} from '@easel/plugin-sdk';

export interface RunnerCall {
  /** Asks the plugin to stop; the promise still settles only when the plugin has answered or is gone. */
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Told when the plugin has been handed the request. Absent: nobody wants to know. */
  readonly onHandedOver?: (() => void) | undefined;
  /**
   * Told when the plugin has failed with an error of its own, which says what became of the request. Absent:
   * nobody wants to know.
   */
  readonly onClassified?: (() => void) | undefined;
  /** Told, after an abort, in how many milliseconds the work can stop. Absent: nobody wants to know. */
  readonly onStopping?: ((milliseconds: number) => void) | undefined;
  /**
   * Whether whoever asked has the result safely; the plugin is told. Never rejects. Absent: it has when the
   * call resolves.
   */
  readonly received?: Promise<boolean> | undefined;
}

/**
 * One run of one plugin, from its start to its end; it is never started twice. Implementations differ in
 * where the code runs and in nothing that a caller sees.
 */
export interface Runner {
  /** Operating-system process; undefined where it shares the kernel's. */
  readonly pid: number | undefined;
  /** What the plugin computes on, as it tells when it has started. Undefined: elsewhere. */
  readonly device: string | undefined;
  /**
   * Resident memory as it was last measured, about every second. Undefined: it has none of its own, or nobody
   * can tell.
   */
  readonly residentBytes: number | undefined;
  /** Whether it is on its way out and takes no more calls. */
  readonly isEnding: boolean;
  /** Resolves with the reason when the plugin is gone, asked for or not; never rejects. */
  readonly ended: Promise<Error>;
  /** Loads, checks and configures the plugin. Rejects with an EaselError, and the runner has ended then. */
  start(): Promise<void>;
  /** Lets the plugin make sure that it could serve; rejects with an EaselError where it could not. */
  probe(): Promise<void>;
  /** What a call would hold in memory. Undefined: the plugin does not say. */
  planMemory(request: GenerationRequest): Promise<MemoryPlan | undefined>;
  /** What a call would cost, at most. Undefined: the plugin does not say. */
  estimateCost(request: GenerationRequest): Promise<Cost | undefined>;
  /** Hands a webhook to the plugin. Resolves at once where it takes none. */
  receiveWebhook(webhook: Webhook): Promise<void>;
  /** Makes pictures; the answer has been checked against the contract. */
  generate(request: GenerationRequest, call: RunnerCall): Promise<ValidGenerationResult>;
  /**
   * Lets the plugin close what it holds, then ends it; releases it after `graceMs`. Resolves with whether it
   * had to kill it.
   */
  stop(graceMs: number): Promise<boolean>;
  /**
   * Rejects its calls with the reason, and ends it at once; but where its manifest gives it time to finish
   * what is paid, it is only let go of, and ends by itself.
   */
  release(reason: Error): void;
  /** Ends it at once; its calls reject with `ERR_PLUGIN_CRASHED`, or with the error given. */
  kill(reason: Error): void;
}
