import { useId, useState } from 'react';
import { useWords } from '../language/words.js';
import { signIn } from './session.js';

/** Asks for a key, where the server has some. */
export function SignIn() {
  const words = useWords();
  const id = useId();
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string>();
  return (
    <main className="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void signIn(key).then(setProblem);
        }}
      >
        <h1 className="title">{words.signIn}</h1>
        <p className="hint">{words.signInHint}</p>
        <label className="label" htmlFor={id}>
          {words.key}
        </label>
        <input
          id={id}
          className="box figure"
          type="password"
          autoComplete="current-password"
          required
          value={key}
          onChange={({ target }) => setKey(target.value)}
        />
        {problem && (
          <p className="danger" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" className="primary">
          {words.signIn}
        </button>
      </form>
    </main>
  );
}
