import { describe, expect, it } from 'vitest';
import { LastWords } from '../../core/src/kernel/runner/last-words.js';

const folder = '/home/somebody/plugins/painter';
const lastWords = (text: string) => {
  const words = new LastWords(folder);
  for (const line of text.split('\n')) words.hear(line);
  return words.text;
};

describe('the last words of a plugin', () => {
  it('are message and first frames of an uncaught error, without what it carries', () => {
    const text = lastWords(`it has begun
file://${folder}/index.js:2
throw Object.assign(new Error("the disk is gone"), { code: "E1" });
                    ^

Error: the disk is gone
    at paint (file://${folder}/index.js:2:21)
    at ModuleJob.run (node:internal/modules/esm/module_job:325:25)
    at async ModuleLoader.import (node:internal/modules/esm/loader:606:24)
    at async start (node:internal/modules/run_main:117:5) {
  code: 'E1',
  [cause]: Error: not this
      at other (file://${folder}/other.js:1:1) {
    code: 'E2'
  }
}

Node.js v20.20.2
`);
    expect(text).toBe(
      'Error: the disk is gone at paint (index.js:2:21) at ModuleJob.run (node:internal/modules/esm/module_job:325:25) at async ModuleLoader.import (node:internal/modules/esm/loader:606:24)',
    );
  });

  it('are the last line where that is no error', () => {
    expect(lastWords(`Error: an older one\n    at x (${folder}/a.js:1:1)\nthe licence has ended\n\n`)).toBe(
      'the licence has ended',
    );
    expect(lastWords('FATAL ERROR: heap out of memory\n----- Native stack trace -----\n\n 1: 0xb8')).toBe(
      '----- Native stack trace -----',
    );
    expect(lastWords('')).toBe('');
  });

  it('are no longer than a log can show', () => {
    expect(lastWords('x'.repeat(10_000)).length).toBe(500);
  });
});
