import { resolve } from 'node:path';

/**
 * What is asked of strace: everything that reaches the network, and everything that makes or changes a file.
 */
export const tracedCalls =
  '%net,open,openat,openat2,creat,truncate,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2,link,linkat,symlink,symlinkat';

export interface Trace {
  /** Addresses beyond this machine, and whatever goes to a name server, as strace prints them. */
  readonly connections: readonly string[];
  /** Absolute paths of what was made, opened for writing or moved to. */
  readonly written: readonly string[];
}

/** Reads the output of `strace -f -y`. */
export function readTrace(output: string): Trace {
  const connections: string[] = [];
  const written = new Set<string>();
  for (const call of wholeCalls(output)) {
    // Also where it has failed, or is on its way.
    if (isOutward(call)) connections.push(call.slice(0, 200));
    if (/ = -1 /.test(call)) continue;
    for (const path of writtenBy(call)) written.add(path);
  }
  return { connections, written: [...written] };
}

/** Calls that another process has interrupted are printed in two halves. */
function wholeCalls(output: string): string[] {
  const begun = new Map<string, string>();
  return output.split('\n').flatMap((line) => {
    const [, pid = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const unfinished = / <unfinished \.\.\.>$/.exec(text);
    if (unfinished) begun.set(pid, text.slice(0, unfinished.index));
    const resumed = /^<\.\.\. \w+ resumed>/.exec(text);
    if (unfinished) return [];
    return [resumed ? `${begun.get(pid) ?? ''}${text.slice(resumed[0].length)}` : text];
  });
}

/** A datagram to, or a connection with, another machine; a question to a name server, wherever that is. */
function isOutward(call: string): boolean {
  if (!/^(connect|sendto|sendmsg|sendmmsg)\(/.test(call)) return false;
  const address = /inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/.exec(call);
  if (!address) return false;
  const host = address[1] ?? address[2] ?? '';
  return /sin6?_port=htons\(53\)/.test(call) || !/^(127\.|::1$|::ffff:127\.|0\.0\.0\.0$|::$)/.test(host);
}

function writtenBy(call: string): string[] {
  const isOpen = /^(open|openat|openat2)\(/.test(call);
  if (isOpen && !/O_WRONLY|O_RDWR|O_CREAT/.test(call)) return [];
  if (
    !isOpen &&
    !/^(creat|truncate|mkdir|mkdirat|mknod|mknodat|rename|renameat|renameat2|link|linkat|symlink|symlinkat)\(/.test(
      call,
    )
  )
    return [];
  const folder = /AT_FDCWD<([^>]*)>/.exec(call)?.[1] ?? '/';
  const paths = [...call.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) =>
    resolve(folder, match[1] as string),
  );
  // The last one is what comes to be; those before it are moved away or only named.
  return paths.slice(-1).filter((path) => !/^\/(dev|proc)\//.test(path));
}
