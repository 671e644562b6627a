import { EaselError } from '@easel/plugin-sdk';
import { SerialQueue } from '../kernel/serial-queue.js';
import { writePrivateFile } from '../results/write-whole-file.js';
import type { Configuration } from './configuration.js';
import { readSecretsFile, secretsFileOf } from './secrets-file.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The secrets of a kernel: the environment that its plugins are given names out of, and the file that some of
 * it came from.
 */
export class SecretKeeper {
  /** What plugins are started with; a secret that is set later is in it too. */
  readonly environment: Environment;
  readonly #set: Record<string, string | undefined> | undefined;
  readonly #given: Environment;
  readonly #queue = new SerialQueue();

  /**
   * @param given by the host, or that of the process
   * @param isRead whether the secrets file counts beside it
   */
  constructor(given: Environment, configuration: Configuration, isRead: boolean) {
    this.#given = given;
    this.#set = isRead ? { ...readSecretsFile(configuration), ...withoutGaps(given) } : undefined;
    this.environment = this.#set ?? given;
  }

  /**
   * Writes a secret into the secrets file and has plugins that start from now on get it. Rejects with
   * ERR_CONFIG_INVALID where it would not count, as the environment has it too; never with the value.
   */
  async set(name: string, value: string, configuration: Configuration): Promise<void> {
    const target = this.#set;
    if (!target)
      throw invalid(`${name} cannot be set here: the host hands the secrets in.`, 'Set it in the host.');
    if (this.#given[name])
      throw invalid(`${name} is set in the environment, which counts more.`, 'Change it there, and restart.');
    await this.#queue.run(async () => {
      const kept = { ...readSecretsFile(configuration), [name]: value };
      await writePrivateFile(secretsFileOf(configuration), Buffer.from(`${JSON.stringify(kept, null, 2)}\n`));
      target[name] = value;
    });
  }
}

const withoutGaps = (environment: Environment) =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));

const invalid = (message: string, hint: string) =>
  new EaselError({ code: 'ERR_CONFIG_INVALID', message, hint });
