import type { Check } from '../check.js';
import { settlesWithin } from '../settles-within.js';
import type { Subject } from '../subject.js';

/** Milliseconds without any progress after which a call is taken to be in the middle. */
const middleMs = 100;
const defaultWithinMs = 2_000;

export const cancellingEndsCalls: Check = {
  name: 'ends a call soon after it is cancelled',
  async find(subject) {
    return [...(await cancelBefore(subject)), ...(await cancelInTheMiddle(subject))];
  },
};

async function cancelBefore(subject: Subject): Promise<string[]> {
  const plugin = await subject.started();
  const request = await subject.request(subject.options.slow);
  // What a cancelled call throws, or answers, nobody looks at.
  const call = plugin.generate(request, { signal: AbortSignal.abort() });
  return await problemsOf(subject, call, 'before it begins');
}

async function cancelInTheMiddle(subject: Subject): Promise<string[]> {
  const plugin = await subject.started();
  const request = await subject.request(subject.options.slow);
  const controller = new AbortController();
  let isOver = false;
  let tellBegun = () => {};
  const begun = new Promise<void>((resolve) => {
    tellBegun = resolve;
  });
  const call = plugin.generate(request, { signal: controller.signal, onProgress: tellBegun }).finally(() => {
    isOver = true;
  });
  await settlesWithin(Promise.race([call, begun]), middleMs);
  // A call that failed before it was cancelled is not a cancelled call.
  if (isOver) await call;
  if (isOver && subject.options.slow !== undefined)
    return ['The call was over before it could be cancelled: make `slow` slower.'];
  controller.abort();
  return await problemsOf(subject, call, 'in the middle');
}

async function problemsOf(subject: Subject, call: Promise<unknown>, when: string): Promise<string[]> {
  const { cancelWithinMs = defaultWithinMs } = subject.options;
  if (await settlesWithin(call, cancelWithinMs)) return [];
  return [`A call that is cancelled ${when} still works ${cancelWithinMs} ms later: heed \`signal\`.`];
}
