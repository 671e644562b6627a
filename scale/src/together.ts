/** What ends several things that were begun together. */
export const together =
  (...ends: (() => void)[]): (() => void) =>
  () => {
    for (const end of ends) end();
  };
