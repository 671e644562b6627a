import type { ApiProblem } from '../api/schemas.js';
import { useWords } from '../language/words.js';

interface Props {
  /** What did not come about. */
  readonly title: string;
  readonly problem: ApiProblem;
  readonly requestId: string | undefined;
}

/** What went wrong, what to do about it, and the name under which the server's log has it. */
export function ErrorCard({ title, problem, requestId }: Props) {
  const words = useWords();
  return (
    <div className="error-card" role="alert">
      <h2>{title}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where the message is long */}
      <p className="whole-message" dir="auto" tabIndex={0}>
        {problem.message}
      </p>
      {problem.hint && <p className="hint">{problem.hint}</p>}
      <p className="figure fine">
        {problem.code}
        {requestId && ` · ${words.requestId(requestId)}`}
      </p>
    </div>
  );
}
