import { type Progress, progressSchema } from '../../result.js';
import type { Check } from '../check.js';

export const progressNeverFalls: Check = {
  name: 'tells progress of the contract that never falls',
  async find(subject) {
    const { progress } = await subject.answer();
    const problems: string[] = [];
    let highest = 0;
    for (const said of progress) {
      const parsed = progressSchema.safeParse(said);
      if (!parsed.success) {
        problems.push(
          `The progress ${JSON.stringify(said)} is not of the contract: ${parsed.error.issues[0]?.message}.`,
        );
        continue;
      }
      const { fraction }: Progress = parsed.data;
      if (fraction < highest) problems.push(`Progress falls from ${highest} to ${fraction}.`);
      highest = Math.max(highest, fraction);
    }
    return problems;
  },
};
