import { join } from 'node:path';
import { chooseExecution, type Execution } from './execution-choice.js';
import type { ExecutionProviderSetting, PrecisionSetting } from './execution-providers.js';
import type { PreparedNetworks } from './prepared-networks.js';
import type { RepackedWeights } from './repacked-weights.js';

/** How networks are opened; all of a process alike. */
export interface NetworkOptions {
  /** Cores that a network may use. Absent: all of them. */
  readonly threads?: number | undefined;
  /** What to compute on. Absent: the processor. */
  readonly execution?: Execution | undefined;
  /** Where networks are kept as ONNX Runtime has prepared them. Absent: they are prepared at each opening. */
  readonly prepared?: PreparedNetworks | undefined;
  /**
   * Where matrices of GGUF files are kept as codes that are computed with. Absent: codes are decoded at each
   * run.
   */
  readonly repacked?: RepackedWeights | undefined;
  /** Is told which share of the codes that a network lacks is there, 0 to 1. Absent: nobody is. */
  readonly onRepacked?: ((share: number) => void) | undefined;
  /** Whether int8 is worth it on this processor. Absent: nobody knows, and it counts as no. */
  readonly gainsByInt8?: (() => Promise<boolean>) | undefined;
  /** For what is written while a network is opened. Absent: the system's. */
  readonly temporaryFolder?: string | undefined;
}

/** Of the plugin's configuration, what concerns networks. */
export interface NetworkSettings {
  readonly threads?: number | undefined;
  readonly executionProviders?: ExecutionProviderSetting | undefined;
  /** Absent: `auto`. */
  readonly precision?: PrecisionSetting | undefined;
  /** The plugin's own folder. Absent: nothing is kept. */
  readonly storageFolder?: string | undefined;
  /**
   * Bytes that prepared networks, and repacked weights likewise, may take on disk, 0 for none. Absent: none
   * are kept.
   */
  readonly preparedBytes?: number | undefined;
  /** Bytes that open networks may hold at once. Absent: as `memoryBudget` says. */
  readonly memoryBytes?: number | undefined;
}

/** Where it is kept what has been measured on this machine. Undefined: nothing is kept. */
export const selfTestFolder = ({ storageFolder }: NetworkSettings): string | undefined =>
  storageFolder && join(storageFolder, 'self-tests');

/** Brings the settings into effect: tests the devices, unless that has been done before. */
export async function settleNetworkOptions(
  settings: NetworkSettings,
  environment: NodeJS.ProcessEnv,
): Promise<NetworkOptions & { readonly warnings: readonly string[] }> {
  const { threads, executionProviders = 'auto', storageFolder, preparedBytes = 0 } = settings;
  const folder = selfTestFolder(settings);
  const { warnings, ...chosen } = await chooseExecution(executionProviders, { folder, environment });
  const execution = settings.precision === 'float32' ? { ...chosen, precision: 'float32' as const } : chosen;
  const temporaryFolder = storageFolder && join(storageFolder, 'temporary');
  const always = { threads, execution, temporaryFolder, warnings };
  if (storageFolder === undefined || preparedBytes === 0) return always;
  const { PreparedNetworks } = await import('./prepared-networks.js');
  const prepared = new PreparedNetworks({
    folder: join(storageFolder, 'prepared-networks'),
    maximumBytes: preparedBytes,
  });
  const { RepackedWeights } = await import('./repacked-weights.js');
  const repacked = new RepackedWeights({
    folder: join(storageFolder, 'repacked-weights'),
    maximumBytes: preparedBytes,
  });
  return { ...always, prepared, repacked };
}
