/** What a plugin is told once of a result: whether whoever asked has it safely. */
export interface PendingReceipt {
  /** Never rejects. */
  readonly received: Promise<boolean>;
  /** Only the first time counts. */
  settle(isReceived: boolean): void;
}

export function createReceipt(): PendingReceipt {
  let settle: (isReceived: boolean) => void = () => {};
  const received = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  return { received, settle };
}
