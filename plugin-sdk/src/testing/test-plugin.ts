import { afterAll, describe, expect, it } from 'vitest';
import { checks } from './checks/all.js';
import type { PluginTestOptions } from './options.js';
import { Subject } from './subject.js';

const defaultTimeoutMs = 60_000;

/**
 * The suite that every plugin passes: registers one vitest test a check, for the plugin in a folder, loaded
 * into the test's own process.
 *
 * @example
 * testPlugin({ folder: new URL('.', import.meta.url), model: readModel(new URL('model.json', import.meta.url)) });
 */
export function testPlugin(options: PluginTestOptions): void {
  const { timeoutMs = defaultTimeoutMs } = options;
  const subject = new Subject(options);
  const reasons = reasonsToSkip(options);
  describe(options.name ?? subject.folder, () => {
    for (const { name, find } of checks) {
      const reason = reasons.get(name);
      if (reason !== undefined) it.skip(`${name} (skipped: ${reason})`);
      else it(name, { timeout: timeoutMs }, async () => expect(await find(subject)).toEqual([]));
    }
    afterAll(() => subject.close(), timeoutMs);
  });
}

/**
 * Reasons by the name of the check. Throws for a name that no check has: it would skip nothing, in silence.
 */
function reasonsToSkip({ skip = [] }: PluginTestOptions): ReadonlyMap<string, string> {
  const reasons = new Map(skip.flatMap(({ reason, tests }) => tests.map((name) => [name, reason] as const)));
  for (const [name, reason] of reasons) {
    if (!checks.some((check) => check.name === name))
      throw new Error(
        `skip: there is no check "${name}"; there are: ${checks.map((check) => check.name).join('; ')}`,
      );
    if (reason.trim() === '') throw new Error(`skip: "${name}" needs a reason`);
  }
  return reasons;
}
