const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** Seconds for people, in the largest unit of which there are two at least: "90 min", "3 d". */
export function formatDuration(seconds: number): string {
  const [name, length] = units.find(([, unit]) => seconds >= 2 * unit) ?? ['s', 1];
  return `${Math.round(seconds / length)} ${name}`;
}
