import { type Cost, EaselError, type ValidGenerationResult } from '@easel/plugin-sdk';

/** One try of one plugin, as far as it may cost money. */
export interface Charge {
  /** The same each time the call is carried out at that plugin for that model. */
  readonly id: string;
  readonly plugin: string;
  readonly model: string;
  readonly images: number;
  /** What it costs at most. Absent: nobody knows. */
  readonly estimate?: Cost | undefined;
}

/** Whoever keeps account of what the calls of one caller cost. */
export interface Account {
  /** Whether there is a limit, so that plugins are asked what a call would cost. */
  readonly isLimited: boolean;
  /**
   * Sets the estimate aside, before a plugin that pays is asked; the call ends with what it rejects with, for
   * example ERR_BUDGET. Under an id that is known nothing more is set aside.
   */
  reserve(charge: Charge): Promise<void>;
  /**
   * Puts what it has cost in the place of the estimate. Undefined: the plugin does not tell. Never rejects.
   */
  book(charge: Charge, cost: Cost | undefined): Promise<void>;
  /** Nothing was paid: what was set aside is free again. Never rejects. */
  release(charge: Charge): Promise<void>;
}

/**
 * Asks a plugin, and keeps account of what that costs. Where a try fails and may have been paid, or nobody is
 * left to tell how it ended, the estimate stays set aside.
 *
 * @param pays whether the plugin's calls cost money; where they do not, what it tells is booked all the same
 */
export async function keepAccount(
  account: Account | undefined,
  { charge, pays }: { readonly charge: Charge; readonly pays: boolean },
  ask: () => Promise<ValidGenerationResult>,
): Promise<ValidGenerationResult> {
  if (!account) return await ask();
  if (pays) await account.reserve(charge);
  try {
    const made = await ask();
    if (pays || made.cost) await account.book(charge, made.cost);
    return made;
  } catch (error) {
    if (pays && !(EaselError.isInstance(error) && error.mayBePaid)) await account.release(charge);
    throw error;
  }
}
