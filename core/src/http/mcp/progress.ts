import type { Progress } from '@easel/plugin-sdk';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js';

/** What a tool is told of its call. */
export type ToolCall = RequestHandlerExtra<ServerRequest, ServerNotification>;

/**
 * Milliseconds after which progress is told that has not changed: clients give up on a server that is silent.
 */
const silentMs = 2_000;
/** The least by which it rises: each notification has a larger one than the last. */
const leastRise = 1e-6;
/** What is left for those. */
const scale = 0.999;

/**
 * Tells a client how far its call is, where it has asked for that.
 *
 * @returns what to tell progress to, and what to call once the call has ended; undefined where nobody asks
 */
export function tellProgress(
  call: ToolCall,
): { readonly onProgress: (progress: Progress) => void; readonly stop: () => void } | undefined {
  const progressToken = call._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let [told, message] = [0, 'queue'];
  const tell = (fraction: number) => {
    told = Math.max(scale * fraction, told + leastRise);
    const params = { progressToken, progress: told, total: 1, message };
    void call.sendNotification({ method: 'notifications/progress', params }).catch(() => {});
  };
  const timer = setInterval(() => tell(0), silentMs);
  return {
    onProgress: ({ stage, fraction, message: words }) => {
      message = words ?? stage;
      tell(fraction);
      timer.refresh();
    },
    stop: () => clearInterval(timer),
  };
}
