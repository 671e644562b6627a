import { CSPProvider } from '@base-ui/react/csp-provider';
import { useStore } from '@nanostores/react';
import { useEffect } from 'react';
import { Link, Route, Router, Switch, useLocation } from 'wouter';
import { Icon } from '../controls/icon.js';
import { ComparePage } from '../gallery/compare-page.js';
import { GalleryPage } from '../gallery/gallery-page.js';
import { ImagePage } from '../gallery/image-page.js';
import { KernelPage } from '../kernel/kernel-page.js';
import { useWords } from '../language/words.js';
import { $active, $isConnected } from '../live/jobs.js';
import { MakePage } from '../make/make-page.js';
import { ModelsPage } from '../models/models-page.js';
import { QueueDrawer } from '../queue/queue-drawer.js';
import { KeysDialog } from './keys-dialog.js';
import { type PageName, pages } from './pages.js';
import { $session } from './session.js';
import { SettingsDialog } from './settings-dialog.js';
import { SignIn } from './sign-in.js';
import { ToastLine } from './toast.js';

const base = () => new URL(document.baseURI).pathname.replace(/\/$/, '');

/** The frame of all pages. */
export function App() {
  const session = useStore($session);
  if (session?.required && !session.key) return <SignIn />;
  return (
    <CSPProvider disableStyleElements>
      <Router base={base()}>
        <Frame />
      </Router>
    </CSPProvider>
  );
}

function Frame() {
  const words = useWords();
  const [path] = useLocation();
  const isConnected = useStore($isConnected);
  const active = useStore($active);
  const page =
    pages.find((name) => path === `/${name}` || path.startsWith(`/${name}/`)) ??
    (path.startsWith('/compare/') ? 'gallery' : 'make');
  const [first] = active;
  const percent = first?.progress ? `${Math.round(100 * first.progress.fraction)} % · ` : '';
  useEffect(() => {
    document.title = `${percent}${words.pages[page]} · Easel`;
  }, [percent, page, words]);
  return (
    <>
      <button type="button" className="skip" onClick={() => focusFirst('[data-focus=prompt]', 'main')}>
        {words.skip}
      </button>
      <nav className="rail" aria-label={words.pagesLabel}>
        {pages.map((name) => (
          <RailLink key={name} name={name} isCurrent={name === page} />
        ))}
        <span className="spacer" />
        <KeysDialog />
        <SettingsDialog />
      </nav>
      <header className="top">
        <h1 className="title">{words.pages[page]}</h1>
        {!isConnected && (
          <p className="offline" role="status">
            {words.offline}
          </p>
        )}
        <span className="spacer" />
        <QueueDrawer />
      </header>
      <main id="main" tabIndex={-1}>
        <Switch>
          <Route path="/" component={MakePage} />
          <Route path="/make" component={MakePage} />
          <Route path="/gallery" component={GalleryPage} />
          <Route path="/gallery/:name" component={ImagePage} />
          <Route path="/compare/:one/:other" component={ComparePage} />
          <Route path="/kernel" component={KernelPage} />
          <Route path="/models" component={ModelsPage} />
          <Route>
            <p className="stage-empty">{words.notHere}</p>
          </Route>
        </Switch>
      </main>
      <ToastLine />
    </>
  );
}

function focusFirst(...selectors: readonly string[]): void {
  const found = selectors.map((selector) => document.querySelector<HTMLElement>(selector));
  found.find((element) => element !== null)?.focus();
}

function RailLink({ name, isCurrent }: { readonly name: PageName; readonly isCurrent: boolean }) {
  const words = useWords();
  return (
    <Link
      href={`/${name}`}
      className="rail-item"
      aria-label={words.pages[name]}
      title={words.pages[name]}
      {...(isCurrent ? { 'aria-current': 'page' as const } : {})}
    >
      <Icon name={name} />
    </Link>
  );
}
