import { printable } from './output.js';

/** Rows under headings, aligned for reading; every cell on one line. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows].map((row) => row.map((cell) => printable(cell).replace(/\s+/g, ' ')));
  const widths = headings.map((_, column) => Math.max(...lines.map((row) => lengthOf(row[column] ?? ''))));
  return lines
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - lengthOf(cell))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const lengthOf = (text: string) => [...text].length;
