import { useId, useState } from 'react';
import { ApiError } from '../api/call.js';
import type { FoundFile } from '../api/model-files.js';
import { useWords } from '../language/words.js';
import { takeFolder } from './model-files.js';

/** Takes a folder of models over that lies on the machine of the server, such as that of another program. */
export function ImportField() {
  const words = useWords();
  const id = useId();
  const [path, setPath] = useState('');
  const [problem, setProblem] = useState<string>();
  const [found, setFound] = useState<readonly FoundFile[]>();
  const [isBusy, setBusy] = useState(false);
  const take = async () => {
    setBusy(true);
    setProblem(undefined);
    setFound(undefined);
    try {
      setFound(await takeFolder(path.trim()));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  };
  const models = found?.flatMap((file) => file.id ?? []) ?? [];
  return (
    <section className="model-group" aria-label={words.imports.title}>
      <h2 className="label">{words.imports.title}</h2>
      <p className="hint">{words.imports.hint}</p>
      <form
        className="import-form"
        onSubmit={(event) => {
          event.preventDefault();
          void take();
        }}
      >
        <label htmlFor={id}>{words.imports.path}</label>
        <input
          id={id}
          className="box figure"
          required
          placeholder="/home/me/ComfyUI/models"
          value={path}
          onChange={({ target }) => setPath(target.value)}
        />
        <button type="submit" disabled={isBusy}>
          {words.imports.take}
        </button>
        {problem && (
          <p className="danger" role="alert">
            {problem}
          </p>
        )}
      </form>
      {found && (
        <div role="status">
          <p>{words.imports.found(models.length, models.join(', '))}</p>
          <ul className="versions">
            {found
              .filter((file) => file.id === undefined)
              .map(({ path: file, is, note }) => (
                <li key={file}>
                  <bdi className="figure">{file}</bdi>
                  <span className="fine">{[is, note].filter(Boolean).join(': ')}</span>
                </li>
              ))}
          </ul>
        </div>
      )}
    </section>
  );
}
