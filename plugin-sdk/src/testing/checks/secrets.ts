import type { Check } from '../check.js';

export const secretsStaySecret: Check = {
  name: 'keeps its secrets out of log lines, progress, warnings and errors',
  async find(subject) {
    await subject.answer();
    const plugin = await subject.started();
    await plugin.generate(await subject.request(), { signal: AbortSignal.abort() }).catch(() => {});
    const secrets = Object.entries(await subject.secrets());
    const leaks = subject.recorder.said.flatMap(({ where, text }) =>
      secrets
        .filter(([, value]) => formsOf(value).some((form) => text.includes(form)))
        .map(([name]) => `The value of ${name} is in ${where}.`),
    );
    return [...new Set(leaks)];
  },
};

/** As it is, as in a URL, and as in an Authorization header of its own. */
const formsOf = (value: string) => [
  value,
  encodeURIComponent(value),
  Buffer.from(value).toString('base64').replace(/=+$/, ''),
];
