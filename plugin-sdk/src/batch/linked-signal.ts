/** A signal for one request: on one that lives for long, what clients leave behind with each would pile up. */
export function linkedTo(stop: AbortSignal): { readonly signal: AbortSignal; readonly unlink: () => void } {
  const controller = new AbortController();
  const onStop = () => controller.abort();
  if (stop.aborted) controller.abort();
  else stop.addEventListener('abort', onStop);
  return { signal: controller.signal, unlink: () => stop.removeEventListener('abort', onStop) };
}
