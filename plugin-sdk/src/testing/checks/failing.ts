import { join } from 'node:path';
import { EaselError } from '../../errors.js';
import type { GenerationRequest } from '../../generation.js';
import type { Check } from '../check.js';
import type { Subject } from '../subject.js';

export const errorsAreClassified: Check = {
  name: 'classifies its errors',
  async find(subject) {
    const problems = await expectedFailures(subject);
    const plugin = await subject.started();
    // It may answer; what it throws is recorded with all else that was thrown.
    await plugin.generate(await requestOfMissingModel(subject)).catch(() => {});
    const unclassified = subject.recorder.thrown.filter((error) => !EaselError.isInstance(error));
    return [
      ...problems,
      ...unclassified.map((error) => `It threw an error without a code of the table: ${String(error)}`),
    ];
  },
};

async function expectedFailures(subject: Subject): Promise<string[]> {
  const plugin = await subject.started();
  const problems: string[] = [];
  for (const [index, { request, code }] of (subject.options.failures ?? []).entries()) {
    const asked = await subject.request(request);
    const outcome = await plugin.generate(asked).then(
      () => 'a result',
      (error: unknown) => (EaselError.isInstance(error) ? error.code : 'an error without a code'),
    );
    if (outcome !== code)
      problems.push(`\`failures\` ${index} has to end with ${code}; there was ${outcome}.`);
  }
  return problems;
}

async function requestOfMissingModel(subject: Subject): Promise<GenerationRequest> {
  const request = await subject.request();
  const { source } = request.model;
  const missing =
    source.type === 'folder'
      ? { ...source, path: join(source.path, 'no-such-folder') }
      : { ...source, id: 'no-such-model' };
  return { ...request, model: { ...request.model, source: missing } };
}
