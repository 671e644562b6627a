import type { z } from 'zod';
import type { Check } from '../check.js';

const unknownKey = 'no-such-setting';

export const badConfigurationIsRefused: Check = {
  name: 'refuses a bad configuration and says where',
  async find(subject) {
    const { refusedConfig = { [unknownKey]: true } } = subject.options;
    const { plugin } = await subject.loaded();
    const parsed = plugin.config.safeParse(refusedConfig);
    if (parsed.success)
      return [`Its configuration ${JSON.stringify(refusedConfig)} is taken (use z.strictObject).`];
    return parsed.error.issues
      .filter((issue) => !namesPlace(issue))
      .map(({ message }) => `The refusal "${message}" names no path.`);
  },
};

export const unknownOptionIsRefused: Check = {
  name: 'refuses an unknown provider option',
  async find(subject) {
    const { plugin } = await subject.loaded();
    const { options } = await subject.request();
    const known = plugin.options.safeParse(options);
    if (!known.success) return [`The options of the request are refused: ${known.error.message}`];
    const parsed = plugin.options.safeParse({ ...options, [unknownKey]: true });
    return parsed.success ? [`The provider option "${unknownKey}" is taken (use z.strictObject).`] : [];
  },
};

/** Zod names unknown keys beside the path, not in it. */
const namesPlace = (issue: z.core.$ZodIssue) => issue.path.length > 0 || issue.code === 'unrecognized_keys';
