import { readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Row } from './matrix.js';

const begin = '<!-- faults:begin -->';
const end = '<!-- faults:end -->';
const fileOf = (id: string) => fileURLToPath(new URL(`../../plugins/${id}/README.md`, import.meta.url));

/** The matrix as a table of Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ fault, call, again, paid, lost }) => `| ${fault} | ${call} | ${again ?? ''} | ${paid} | ${lost} |`,
  );
  return [
    '| Fault | The call gets | Sent again, it gets | Paid | Lost |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

/** Lines in which the plugin's README differs from the table, `-` of the README and `+` of the run. None: it is up to date. */
export async function differences(id: string, table: string): Promise<string[]> {
  const written = splitReadme(id, await readFile(fileOf(id), 'utf8')).table.split('\n');
  const made = table.split('\n');
  return [
    ...written.filter((line) => !made.includes(line)).map((line) => `- ${line}`),
    ...made.filter((line) => !written.includes(line)).map((line) => `+ ${line}`),
    ...(written.length === made.length
      ? []
      : [`${written.length} lines are written, ${made.length} were made`]),
  ];
}

/** Puts the table between the marks in the plugin's README. */
export async function writeTable(id: string, table: string): Promise<void> {
  const file = fileOf(id);
  const { head, tail } = splitReadme(id, await readFile(file, 'utf8'));
  await writeFile(`${file}.new`, `${head}${begin}\n${table}\n${end}${tail}`);
  await rename(`${file}.new`, file);
}

function splitReadme(id: string, text: string): { head: string; table: string; tail: string } {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from)
    throw new Error(
      `plugins/${id}/README.md has no ${begin} followed by ${end}: add both, each on a line of its own.`,
    );
  const table = text.slice(from + begin.length, to).trim();
  return { head: text.slice(0, from), table, tail: text.slice(to + end.length) };
}
