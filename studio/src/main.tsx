import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/shell.css';
import './styles/make.css';
import { createRoot } from 'react-dom/client';
import { $words, openLanguage } from './language/words.js';
import { watchJobs } from './live/jobs.js';
import { refreshModels } from './live/models.js';
import { keepDraft } from './make/draft.js';
import { App } from './shell/app.js';
import { openTheme } from './theme.js';

openTheme();
watchJobs();
void refreshModels();
await openLanguage();
keepDraft($words.get().firstPrompt);
createRoot(document.querySelector('#studio') as HTMLElement).render(<App />);
