import { readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Row } from './matrix.js';
import type { Provider } from './site.js';

const marksOf = (name: string) => [`<!-- faults:begin ${name} -->`, `<!-- faults:end ${name} -->`] as const;
const fileOf = ({ plugin }: Provider) =>
  fileURLToPath(new URL(`../../plugins/${plugin}/README.md`, import.meta.url));

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

/**
 * Lines in which the plugin's README differs from the table, `-` of the README and `+` of the run. None: it
 * is up to date.
 */
export async function differences(provider: Provider, table: string): Promise<string[]> {
  const written = splitReadme(provider, await readFile(fileOf(provider), 'utf8')).table.split('\n');
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
export async function writeTable(provider: Provider, table: string): Promise<void> {
  const file = fileOf(provider);
  const [begin, end] = marksOf(provider.name);
  const { head, tail } = splitReadme(provider, await readFile(file, 'utf8'));
  await writeFile(`${file}.new`, `${head}${begin}\n${table}\n${end}${tail}`);
  await rename(`${file}.new`, file);
}

function splitReadme(
  { name, plugin }: Provider,
  text: string,
): { head: string; table: string; tail: string } {
  const [begin, end] = marksOf(name);
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from)
    throw new Error(
      `plugins/${plugin}/README.md has no ${begin} followed by ${end}: add both, each on a line of its own.`,
    );
  const table = text.slice(from + begin.length, to).trim();
  return { head: text.slice(0, from), table, tail: text.slice(to + end.length) };
}
