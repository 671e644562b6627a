import type { GenerationRequest, Manifest } from '@easel/plugin-sdk';
import { EaselError } from '@easel/plugin-sdk';
import { type Attributes, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { coreVersion } from '../version.js';

/**
 * OpenTelemetry spans of calls, without any prompt: one a call, and in it one for each try of a plugin. Where
 * the host has set up no OpenTelemetry, they cost next to nothing and go nowhere.
 */
export class Tracing {
  readonly #tracer: Tracer;

  /** @param tracer absent: that of the host's global provider */
  constructor(tracer: Tracer | undefined) {
    this.#tracer = tracer ?? trace.getTracer('@easel/core', coreVersion);
  }

  /** The span of a call. */
  async call<T extends { provenance: { model: string; plugin: { id: string } } }>(
    work: () => Promise<T>,
  ): Promise<T> {
    return await this.#traced('easel.generate_image', {}, async (span) => {
      const result = await work();
      const { model, plugin } = result.provenance;
      span.setAttributes({ 'easel.model': model, 'easel.plugin': plugin.id });
      return result;
    });
  }

  /** The span of one try. */
  async attempt<T>(
    { plugin, pipelineType, request }: { plugin: Manifest; pipelineType: string; request: GenerationRequest },
    work: () => Promise<T>,
  ): Promise<T> {
    const attributes = {
      'easel.plugin': plugin.id,
      'easel.plugin.version': plugin.version,
      'easel.pipeline_type': pipelineType,
      'easel.model': request.model.id,
      'easel.width': request.width,
      'easel.height': request.height,
      'easel.images': request.n,
    };
    return await this.#traced('easel.attempt', attributes, work);
  }

  async #traced<T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
    return await this.#tracer.startActiveSpan(name, { attributes }, async (span) => {
      try {
        return await work(span);
      } catch (error) {
        const code = EaselError.isInstance(error) ? error.code : 'ERR_INTERNAL';
        span.setAttribute('error.type', code);
        span.setStatus({ code: SpanStatusCode.ERROR, message: code });
        throw error;
      } finally {
        span.end();
      }
    });
  }
}
