import { ResourceWatch } from '../active-resources.js';
import type { Check } from '../check.js';
import { settlesWithin } from '../settles-within.js';
import { picturesOf, type Subject } from '../subject.js';

const defaultReleaseMs = 2_000;

export const closeEndsEverything: Check = {
  name: 'leaves nothing behind when it is closed',
  async find(subject) {
    await subject.close();
    using watch = new ResourceWatch();
    const problems = await useAndClose(subject);
    if (problems.length > 0) return problems;
    const { releaseWithinMs = defaultReleaseMs } = subject.options;
    const more = await watch.leftOver(releaseWithinMs);
    return more.length === 0 ? [] : [`After close() it still holds ${more.join(', ')}.`];
  },
};

export const startsAgain: Check = {
  name: 'starts and works again after it was closed',
  async find(subject) {
    await subject.close();
    return [...(await useAndClose(subject)), ...(await useAndClose(subject))];
  },
};

async function useAndClose(subject: Subject): Promise<string[]> {
  const { drainMs } = (await subject.loaded()).manifest.runtime;
  const plugin = await subject.start();
  const problems: string[] = [];
  const pictures = picturesOf(await plugin.generate(await subject.request()));
  if (pictures.length !== 1) problems.push(`One picture was asked for; ${pictures.length} came.`);
  const closed = plugin.close();
  const isClosed = await settlesWithin(closed, drainMs);
  if (isClosed) await closed;
  if (!isClosed) problems.push(`close() has not resolved within ${drainMs} ms.`);
  return problems;
}
