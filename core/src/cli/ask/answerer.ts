import { answers } from '../../http/documentation/answers.js';
import { fromImagesRequest, type ImagesRequest } from '../../http/images/generate.js';
import type { ExplainedCandidate, PlannedCall } from '../../kernel/routing/explain.js';
import type { ServiceHealth } from '../../observe/health.js';
import { openKernel } from '../open-kernel.js';
import { UsageError } from '../terminal/usage-error.js';
import { findServer, type ServerFlags } from './find-server.js';

export interface AnswererFlags extends ServerFlags {
  readonly ownKernel?: true | undefined;
  readonly verbose?: true | undefined;
}

/** Who answers a command: the server that runs, or a kernel that the command opens. */
export interface Answerer extends AsyncDisposable {
  health(): Promise<ServiceHealth>;
  explain(request: ImagesRequest): Promise<readonly ExplainedCandidate[]>;
  planMemory(request: ImagesRequest): Promise<PlannedCall>;
}

/**
 * The server, or with `--own-kernel` a kernel of the same configuration. Rejects with a ServerFailure where
 * no server runs.
 */
export async function openAnswerer(flags: AnswererFlags): Promise<Answerer> {
  if (!flags.ownKernel) return askServer(flags);
  const manager = await openKernel(flags);
  return {
    health: async () => manager.getServiceHealth(),
    explain: async (request) => await manager.explain(fromRequestAlone(request)),
    planMemory: async (request) => await manager.planMemory(fromRequestAlone(request)),
    [Symbol.asyncDispose]: async () => void (await manager.close()),
  };
}

/** A server reads images, as its clients name them. */
function fromRequestAlone(request: ImagesRequest) {
  if (!request.input_images?.length && !request.mask) return fromImagesRequest(request);
  throw new UsageError('A request with images is for a server: leave out --own-kernel');
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
    async planMemory(body) {
      const { success: _, ...planned } = await server.ask(answers.planned, '/api/images/plan', {
        method: 'POST',
        body,
      });
      return planned as PlannedCall;
    },
    async [Symbol.asyncDispose]() {},
  };
}
