import type { Page } from 'playwright-core';

/** Of what has the focus: the names by which people know it. */
const focusedNames = `(() => {
  const { activeElement: element } = document;
  const labels = [...(element.labels ?? [])].map(({ textContent }) => textContent);
  const named = [element.getAttribute('aria-label'), element.getAttribute('placeholder'), ...labels];
  return [...named, element.textContent].filter(Boolean);
})()`;
const mostPresses = 200;

/** Goes on by Tab to what has a name that begins so, as people do who have no mouse. */
export async function pressTo(page: Page, name: string): Promise<void> {
  for (let press = 0; press < mostPresses; press++) {
    await page.keyboard.press('Tab');
    const names = await page.evaluate<string[]>(focusedNames);
    if (names.some((one) => one.trim().startsWith(name))) return;
  }
  throw new Error(`Tab does not lead to "${name}".`);
}
