import { useWords } from '../language/words.js';

const [width, height] = [96, 24];

/** How long the last calls took, one beside the other, and all in proportion to the longest. */
export function Sparkline({ values }: { readonly values: readonly number[] }) {
  const words = useWords();
  const last = values.slice(-24);
  if (last.length < 2) return null;
  const longest = Math.max(...last);
  const points = last.map((value, index) => {
    const x = (index / (last.length - 1)) * width;
    return `${x.toFixed(1)},${(height - 2 - ((height - 4) * value) / longest).toFixed(1)}`;
  });
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={words.lastCalls(last.length, Math.round(longest))}
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}
