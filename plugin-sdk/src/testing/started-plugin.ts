import type { GenerationRequest } from '../generation.js';
import type { PluginInstance } from '../plugin.js';
import type { Progress, ValidGenerationResult } from '../result.js';
import type { LoadedPlugin } from './load-plugin.js';
import type { Recorder } from './recorder.js';

/** A call that was answered. */
export interface Answer {
  readonly request: GenerationRequest;
  /** What came back, before anything of it is believed. */
  readonly result: unknown;
  readonly progress: readonly unknown[];
}

export interface CallOptions {
  /** Absent: the call is never cancelled. */
  readonly signal?: AbortSignal;
  /** Told of every progress, beside its recording. Absent: nobody. */
  readonly onProgress?: () => void;
}

/** One start of a plugin in this process; what it says goes to the recorder. */
export class StartedPlugin {
  readonly #loaded: LoadedPlugin;
  readonly #instance: PluginInstance<unknown>;
  readonly #recorder: Recorder;

  private constructor(loaded: LoadedPlugin, instance: PluginInstance<unknown>, recorder: Recorder) {
    this.#loaded = loaded;
    this.#instance = instance;
    this.#recorder = recorder;
  }

  /** Validates the configuration by the plugin's schema and starts it. Throws what either throws. */
  static async start(
    loaded: LoadedPlugin,
    given: { config: unknown; secrets: Readonly<Record<string, string>>; storageFolder?: string | undefined },
    recorder: Recorder,
  ): Promise<StartedPlugin> {
    const { plugin, folder } = loaded;
    const config = plugin.config.parse(given.config);
    try {
      const { secrets, storageFolder } = given;
      const { logger } = recorder;
      const instance = await plugin.start({ config, secrets, folder, storageFolder, logger });
      return new StartedPlugin(loaded, instance, recorder);
    } catch (error) {
      recorder.record('an error of its start', error);
      throw error;
    }
  }

  /** Makes one call, options validated by the plugin's schema. */
  async generate(request: GenerationRequest, { signal, onProgress }: CallOptions = {}): Promise<Answer> {
    const progress: unknown[] = [];
    let tellReceived: (isReceived: boolean) => void = () => {};
    const received = new Promise<boolean>((resolve) => {
      tellReceived = resolve;
    });
    const options = this.#loaded.plugin.options.parse(request.options);
    try {
      const result = await this.#instance.generate(request, {
        options,
        logger: this.#recorder.logger,
        signal: signal ?? new AbortController().signal,
        onProgress: (said: Progress) => {
          progress.push(said);
          this.#recorder.record('a progress message', said);
          onProgress?.();
        },
        received,
        stopsWithin: (milliseconds) => this.#recorder.record('what it says of its stopping', milliseconds),
      });
      this.#recordResult(result);
      tellReceived(true);
      return { request, result, progress };
    } catch (error) {
      tellReceived(false);
      this.#recorder.record('an error', error);
      if (!signal?.aborted) this.#recorder.thrown.push(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#instance.close?.();
  }

  #recordResult(result: unknown): void {
    const { warnings, parameters } = (result ?? {}) as Partial<ValidGenerationResult>;
    this.#recorder.record('a warning', warnings);
    this.#recorder.record('a parameter of a result', parameters);
  }
}
