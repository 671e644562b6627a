import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/shell.css';
import './styles/make.css';
import './styles/grid.css';
import './styles/mask.css';
import './styles/gallery.css';
import './styles/compare.css';
import './styles/kernel.css';
import './styles/models.css';
import { createRoot } from 'react-dom/client';
import { $words, openLanguage } from './language/words.js';
import { watchJobs } from './live/jobs.js';
import { refreshModels } from './live/models.js';
import { keepDraft } from './make/draft.js';
import { openFollowed } from './make/followed.js';
import { openInputs } from './make/inputs.js';
import { App } from './shell/app.js';
import { $session, openSession } from './shell/session.js';
import { openTheme } from './theme.js';

openTheme();
await Promise.all([openLanguage(), openSession()]);
// Where a key is asked for, everything else waits for it.
$session.subscribe((session) => {
  if (!session || (session.required && !session.key)) return;
  watchJobs();
  void refreshModels();
});
void openInputs();
void openFollowed();
keepDraft($words.get().firstPrompt);
createRoot(document.querySelector('#studio') as HTMLElement).render(<App />);
