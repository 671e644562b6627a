import { useStore } from '@nanostores/react';
import { atom } from 'nanostores';
import { Icon } from '../controls/icon.js';
import { useWords } from '../language/words.js';

export interface Toast {
  readonly text: string;
  /** Absent: there is nothing to do about it. */
  readonly action?: string;
  readonly act?: () => Promise<void>;
}

export const $toast = atom<Toast | undefined>();
export const showToast = (toast: Toast): void => $toast.set(toast);

/** Does what the toast offers, and takes it away. */
export async function actOnToast(): Promise<void> {
  const toast = $toast.get();
  $toast.set(undefined);
  await toast?.act?.();
}

/**
 * Says what was done and how to undo it, until it is closed or something else is done: nobody has to be
 * quick.
 */
export function ToastLine() {
  const words = useWords();
  const toast = useStore($toast);
  return (
    <div className="toast-place" role="status">
      {toast && (
        <div className="toast">
          <span>{toast.text}</span>
          {toast.action && (
            <button type="button" className="quiet toast-action" onClick={() => void actOnToast()}>
              {toast.action}
            </button>
          )}
          <button
            type="button"
            className="square bare"
            aria-label={words.close}
            onClick={() => $toast.set(undefined)}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
    </div>
  );
}
