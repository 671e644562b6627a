import { randomUUID } from 'node:crypto';
import { EaselError } from '../../errors.js';
import type { GenerationRequest } from '../../generation.js';
import type { Check } from '../check.js';
import type { StartedPlugin } from '../started-plugin.js';

export const paidImagesArePaidOnce: Check = {
  name: 'pays once for an image that cannot be had',
  async find(subject) {
    const { provider } = subject.options;
    if (!provider) return [];
    const plugin = await subject.started();
    const request = await subject.request({ n: 1, requestId: randomUUID() });
    const before = provider.paid();
    provider.loseImages(true);
    const problems = await findInLoss(plugin, request).finally(() => provider.loseImages(false));
    // The same call, carried out again: it may get its image now, or be told once more.
    await plugin.generate(request).catch(() => {});
    const paid = provider.paid() - before;
    return paid === 1
      ? problems
      : [...problems, `A call for one image, carried out three times under one requestId, paid ${paid}.`];
  },
};

/** The call fails in a way that nobody repeats, twice. */
async function findInLoss(plugin: StartedPlugin, request: GenerationRequest): Promise<string[]> {
  const problems: string[] = [];
  for (let time = 0; time < 2; time++) {
    const error: unknown = await plugin.generate(request).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!EaselError.isInstance(error))
      problems.push(`There was ${error === undefined ? 'a result' : 'an error without a code'}.`);
    else if (
      error.code !== 'ERR_PROVIDER_BAD_RESPONSE' ||
      !error.mayBePaid ||
      !/may have been paid/.test(error.message)
    )
      problems.push(
        `It has to fail with ERR_PROVIDER_BAD_RESPONSE, mayBePaid, and "may have been paid"; it was ${error.code}: ${error.message}`,
      );
  }
  return problems;
}
