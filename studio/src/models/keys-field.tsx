import { useStore } from '@nanostores/react';
import { useId, useState } from 'react';
import { ApiError } from '../api/call.js';
import { keepSecret } from '../api/kernel.js';
import { useWords } from '../language/words.js';
import { $models, refreshModels } from '../live/models.js';
import { showToast } from '../shell/toast.js';

/**
 * The keys that plugins miss, each with a place to enter it. What is entered goes to the server's file of
 * secrets, and never comes back.
 */
export function KeysField() {
  const words = useWords();
  const models = useStore($models);
  const plugins = new Map<string, Set<string>>();
  for (const { missingSecrets = [], plugin } of models)
    for (const name of missingSecrets)
      plugins.set(name, (plugins.get(name) ?? new Set()).add(plugin ?? name));
  if (plugins.size === 0) return null;
  return (
    <section className="model-group" aria-label={words.enterKeys}>
      <h2 className="label">{words.enterKeys}</h2>
      <p className="hint">{words.enterKeysHint}</p>
      <ul className="plugins">
        {[...plugins].map(([name, ids]) => (
          <KeyRow key={name} name={name} plugin={[...ids].join(', ')} />
        ))}
      </ul>
    </section>
  );
}

function KeyRow({ name, plugin }: { readonly name: string; readonly plugin: string }) {
  const words = useWords();
  const id = useId();
  const [value, setValue] = useState('');
  const [problem, setProblem] = useState<string>();
  const keep = async () => {
    try {
      await keepSecret(name, value);
      setValue('');
      showToast({ text: words.keyKept(name) });
      await refreshModels();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    }
  };
  return (
    <li className="model">
      <form
        className="key-form"
        onSubmit={(event) => {
          event.preventDefault();
          void keep();
        }}
      >
        <label htmlFor={id}>
          <span className="figure">{name}</span> <span className="fine">{plugin}</span>
        </label>
        <input
          id={id}
          className="box figure"
          type="password"
          autoComplete="off"
          required
          value={value}
          onChange={({ target }) => setValue(target.value)}
        />
        <button type="submit" aria-label={words.keepKey(name)}>
          {words.keep}
        </button>
        {problem && (
          <p className="danger" role="alert">
            {problem}
          </p>
        )}
      </form>
    </li>
  );
}
