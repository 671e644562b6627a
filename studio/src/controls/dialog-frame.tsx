import { Dialog } from '@base-ui/react/dialog';
import type { ComponentProps, ReactElement, ReactNode } from 'react';
import { useWords } from '../language/words.js';
import { Icon } from './icon.js';

interface Props {
  readonly title: string;
  /** Stands beside the title. Absent: nothing does. */
  readonly note?: string;
  /** The button that opens it, a `Dialog.Trigger`; it has the focus again afterwards. */
  readonly trigger: ReactElement;
  /** A small one in the middle, a wide one, or one along the right edge of the page. Absent: a small one. */
  readonly shape?: 'dialog' | 'dialog wide' | 'drawer';
  /** Whether it is open. Absent: it knows by itself. */
  readonly open?: boolean;
  readonly onOpenChange?: (open: boolean) => void;
  /** What has the focus at first. Absent: the first thing that can have it. */
  readonly initialFocus?: ComponentProps<typeof Dialog.Popup>['initialFocus'];
  readonly children: ReactNode;
}

/** What all dialogs share: the shade behind it, a title, and a button that closes it, as does Escape. */
export function DialogFrame({
  title,
  note,
  trigger,
  shape = 'dialog',
  initialFocus,
  children,
  ...state
}: Props) {
  const words = useWords();
  return (
    <Dialog.Root {...state}>
      {trigger}
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className={shape} initialFocus={initialFocus}>
          <header className="dialog-head">
            <Dialog.Title className="title">{title}</Dialog.Title>
            {note && <span className="hint">{note}</span>}
            <span className="spacer" />
            <Dialog.Close className="square bare" aria-label={words.close}>
              <Icon name="close" />
            </Dialog.Close>
          </header>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
