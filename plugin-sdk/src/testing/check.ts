import type { Subject } from './subject.js';

/** One thing that every plugin has to do right. */
export interface Check {
  /** What the plugin does when it is right; the name of its test, and what `skip` names. */
  readonly name: string;
  /** Says what is wrong, a sentence each; empty when nothing is. Throws where it does not come so far. */
  find(subject: Subject): Promise<readonly string[]>;
}
