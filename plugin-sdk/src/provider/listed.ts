/** Names for people, such as in a hint of what a server has: 30 at most. */
export const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : names.slice(0, 30).join(', ') + (names.length > 30 ? ' and more' : '');
