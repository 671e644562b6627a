import { addressOf } from '../api/call.js';

/** What the stream of the server tells, and whether there is one. */
export interface LiveEvent {
  readonly type: 'ready' | 'state' | 'progress' | 'preview' | 'lost';
  readonly data: unknown;
}

const types = ['ready', 'state', 'progress', 'preview'] as const;
const retryMs = 2_000;

/**
 * Calls the listener for each event of the server. A browser has six connections to a server for all of its
 * tabs, so one tab holds the stream and hands on what it tells; when it is closed, another one takes it up.
 */
export function listenToServer(listener: (event: LiveEvent) => void): void {
  const channel = new BroadcastChannel(`easel ${document.baseURI}`);
  channel.addEventListener('message', ({ data }: MessageEvent<LiveEvent>) => listener(data));
  const tell = (event: LiveEvent) => {
    listener(event);
    channel.postMessage(event);
  };
  const hold = () => {
    openStream(tell);
    return new Promise<void>(() => {});
  };
  const alone = () => openStream(listener);
  // Only pages that came over TLS or from this machine have locks, where they may keep something at all;
  // others hold a stream each.
  if ('locks' in navigator) navigator.locks.request(`easel events ${document.baseURI}`, hold).catch(alone);
  else alone();
}

function openStream(tell: (event: LiveEvent) => void): void {
  const source = new EventSource(addressOf('api/images/events'));
  for (const type of types)
    source.addEventListener(type, ({ data }: MessageEvent<string>) => tell({ type, data: JSON.parse(data) }));
  source.addEventListener('error', () => {
    tell({ type: 'lost', data: undefined });
    // It tries again by itself, unless it was refused.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => openStream(tell), retryMs);
  });
}
