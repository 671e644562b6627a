/** A request that a provider has sent to tell of one of its tasks. */
export interface Webhook {
  /** Of the task that it was asked for: the last part of the address that the provider was given. */
  readonly task: string;
  /** By their names in lower case; those of a key or a session are not among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it came: signatures are of its bytes. */
  readonly body: Uint8Array;
}
