/** A provider on this machine, to develop against without a key and without cost. */
export interface Emulated {
  /** Where it answers. */
  readonly url: string;
  /** Keys that it takes, by the environment variable that the plugin reads. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Options of the plugin that lead to it. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Pictures that the real one would have been paid for until now. */
  readonly paid: number;
  close(): Promise<void>;
}

/**
 * What a plugin's emulator is: the default export of `emulator.js` beside its entry, or of what its manifest
 * names as `emulator`.
 */
export interface Emulator {
  /** Starts it on loopback. @param options `port` 0 is a free one */
  start(options: { readonly port: number }): Promise<Emulated>;
}

/** Says that an object is an emulator, for the compiler. */
export const defineEmulator = (emulator: Emulator): Emulator => emulator;
