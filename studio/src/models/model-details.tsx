import { type ReactNode, useState } from 'react';
import { ApiError } from '../api/call.js';
import { listVersions, type MemoryPlan, type ModelVersion, planMemory } from '../api/model-files.js';
import type { Model } from '../api/schemas.js';
import type { Words } from '../language/english.js';
import { formatBytes, useWords } from '../language/words.js';
import { changeInstall } from './installs.js';

/** What can be installed of a model: how large it is, and whether it fits. Opened, it asks the hub. */
export function VersionsField({ model: { id, name } }: { readonly model: Model }) {
  const words = useWords();
  return (
    <AskedDetails
      label={words.versions.title}
      name={name}
      ask={() => listVersions(id)}
      show={(versions) => (
        <ul className="versions">
          {versions.map((version) => (
            <li key={version.variant ?? ''}>
              <span className="figure">{version.variant ?? words.versions.whole}</span>
              <span className={version.fits === false || version.problem ? 'caution' : 'fine'}>
                {factsOf(version, words)}
              </span>
              {version.variant !== undefined && !version.problem && (
                <button
                  type="button"
                  aria-label={`${words.install.begin}: ${name}, ${version.variant}`}
                  onClick={() => void changeInstall(id, 'begin', version.variant)}
                >
                  {words.install.begin}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    />
  );
}

function factsOf({ bytes, missingBytes, memoryGb, fits, problem }: ModelVersion, words: Words): string {
  if (problem !== undefined || bytes === undefined) return problem ?? '';
  const { versions } = words;
  const facts = [
    formatBytes(bytes),
    missingBytes !== undefined && missingBytes < bytes && versions.missing(formatBytes(missingBytes)),
    memoryGb === undefined ? versions.notKnown : versions.forMemory(formatBytes(memoryGb * 1e9)),
    fits !== undefined && (fits ? versions.fits : versions.fitsNot),
  ];
  return facts.filter(Boolean).join(' · ');
}

/** Whether an installed model fits into the memory, as its plugin plans an image of its own size. */
export function MemoryField({ model: { id, name } }: { readonly model: Model }) {
  const words = useWords();
  return (
    <AskedDetails
      label={words.memoryPlan.title}
      name={name}
      ask={() => planMemory(id)}
      show={(plan) => <p className="fine">{plan ? planText(plan, words) : words.memoryPlan.notSaid}</p>}
    />
  );
}

function planText({ budgetBytes, limitBytes, leastBytes, networks }: MemoryPlan, words: Words): string {
  const together = networks.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  if (leastBytes > limitBytes)
    return words.memoryPlan.fitsNot(formatBytes(leastBytes), formatBytes(limitBytes));
  if (together <= budgetBytes) return words.memoryPlan.fits(formatBytes(together), formatBytes(budgetBytes));
  return words.memoryPlan.inTurn(formatBytes(together), formatBytes(budgetBytes));
}

interface AskedDetailsProps<Answer> {
  readonly label: string;
  /** Of the model that it is about. */
  readonly name: string;
  readonly ask: () => Promise<Answer>;
  readonly show: (answer: Answer) => ReactNode;
}

/** A part that asks the server each time it is opened. */
function AskedDetails<Answer>({ label, name, ask, show }: AskedDetailsProps<Answer>) {
  const words = useWords();
  const [answer, setAnswer] = useState<{ readonly value: Answer }>();
  const [problem, setProblem] = useState<string>();
  const open = async () => {
    setProblem(undefined);
    try {
      setAnswer({ value: await ask() });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    }
  };
  return (
    <details className="more model-details" onToggle={(event) => event.currentTarget.open && void open()}>
      <summary aria-label={`${name}: ${label}`}>{label}</summary>
      {problem ? (
        <p className="caution">{problem}</p>
      ) : answer ? (
        show(answer.value)
      ) : (
        <p className="fine">{words.loading}</p>
      )}
    </details>
  );
}
