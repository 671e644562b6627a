import type { ImageRequest } from '@easel/plugin-sdk';
import { answers } from '../../http/documentation/answers.js';
import type { ExplainedCandidate } from '../../kernel/routing/explain.js';
import type { ServiceHealth } from '../../observe/health.js';
import { openKernel } from '../open-kernel.js';
import { findServer, type ServerFlags } from './find-server.js';

export interface AnswererFlags extends ServerFlags {
  readonly ownKernel?: true | undefined;
  readonly verbose?: true | undefined;
}

/** Who answers a command: the server that runs, or a kernel that the command opens. */
export interface Answerer extends AsyncDisposable {
  health(): Promise<ServiceHealth>;
  explain(
    request: Pick<ImageRequest, 'model' | 'prompt' | 'fallback'>,
  ): Promise<readonly ExplainedCandidate[]>;
}

/** The server, or with `--own-kernel` a kernel of the same configuration. Rejects with a ServerFailure where no server runs. */
export async function openAnswerer(flags: AnswererFlags): Promise<Answerer> {
  if (!flags.ownKernel) return askServer(flags);
  const manager = await openKernel(flags);
  return {
    health: async () => manager.getServiceHealth(),
    explain: async (request) => manager.explain(request),
    [Symbol.asyncDispose]: async () => void (await manager.close()),
  };
}

function askServer(flags: AnswererFlags): Answerer {
  const server = findServer(flags, ' --own-kernel asks a kernel of the command itself.');
  return {
    async health() {
      const { success: _, ...health } = await server.ask(answers.health, '/api/health/images');
      // The schema of the server's own documentation has checked what is shown of it.
      const checked: object = health;
      return checked as ServiceHealth;
    },
    async explain(body) {
      const { candidates } = await server.ask(answers.explained, '/api/images/explain', {
        method: 'POST',
        body,
      });
      return candidates as readonly ExplainedCandidate[];
    },
    async [Symbol.asyncDispose]() {},
  };
}
