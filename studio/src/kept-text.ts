/** Of this browser, or of this tab alone. */
type Place = 'localStorage' | 'sessionStorage';

/** Keeps a text for the next time that the page is opened, unless the browser is full or keeps nothing. */
export function keepText(name: string, text: string, place: Place = 'localStorage'): void {
  try {
    // What cannot be kept leaves nothing behind that is older.
    window[place].removeItem(name);
    window[place].setItem(name, text);
  } catch {
    // The page goes on with what it knows; the next one does not know it.
  }
}

/** Null: none is kept. */
export function readText(name: string, place: Place = 'localStorage'): string | null {
  try {
    return window[place].getItem(name);
  } catch {
    return null;
  }
}
