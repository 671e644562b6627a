import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '*.ts', '*.tsx', '*.js', '*.mjs', '*.md'], {
  cwd: root,
  encoding: 'utf8',
}).split('\n');
const width = 110;

const isComment = (line: string) => /^\s*(\/\*\*|\*|\/\/) /.test(line);
/** A link, a command or another word that cannot be broken. */
const isOneWord = (line: string) =>
  line.replace(/`[^`]*`|\[[^\]]*\]\([^)]*\)|\{@[^}]*\}/g, 'x').length <= width;
/** Headings, tables, images and HTML stand on one line in Markdown. */
const staysWhole = (line: string) => /^\s*(#|\||<|!\[)/.test(line);

function longLines(path: string): string[] {
  const found: string[] = [];
  let isCode = false;
  let isExample = false;
  for (const [index, line] of readFileSync(`${root}/${path}`, 'utf8').split('\n').entries()) {
    if (/^\s*\* @/.test(line)) isExample = /@example/.test(line);
    if (line.includes('*/')) isExample = false;
    if (/^\s*(\* )?(```|~~~)/.test(line)) isCode = !isCode;
    else if (line.length <= width || isCode || isExample || isOneWord(line)) continue;
    else if (path.endsWith('.md') ? !staysWhole(line) && !/^ {4}/.test(line) : isComment(line))
      found.push(`${path}:${index + 1}`);
  }
  return found;
}

describe('comments and prose', () => {
  it(`wrap at ${width} characters`, () => {
    expect(tracked.filter((path) => path !== '').flatMap(longLines)).toEqual([]);
  });
});
