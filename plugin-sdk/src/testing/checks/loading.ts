import type { Check } from '../check.js';
import { exportProblem } from '../load-plugin.js';
import { readPluginFolder } from '../read-plugin-folder.js';

export const manifestIsValid: Check = {
  name: 'has a manifest that the kernel takes',
  async find({ folder }) {
    return readPluginFolder(folder).problems;
  },
};

export const entryExportsPlugin: Check = {
  name: 'exports a plugin',
  async find(subject) {
    try {
      const problem = exportProblem((await subject.loaded()).plugin);
      return problem === undefined ? [] : [`The default export ${problem}.`];
    } catch (error) {
      return [(error as Error).message];
    }
  },
};
