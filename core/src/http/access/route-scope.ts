import type { FastifyInstance, RouteOptions } from 'fastify';
import type { Scope } from '../../keys/key-file.js';

/**
 * Whom a route answers where there are keys: `public` everybody, `any` whoever shows a key, else whoever's
 * key has the scope.
 */
export type RouteScope = Scope | 'public' | 'any';

/**
 * Who may ask a route. It is read from the route that the router has found, never from the URL, which has
 * many spellings.
 */
export interface RouteAccess {
  readonly scope: RouteScope;
  /** Whether GET of it is also answered without a key where its URL is signed. Absent: no. */
  readonly isSignable?: boolean;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Each route says it: the server does not start with one that does not. */
    access?: RouteAccess;
  }
}

/**
 * Refuses to start with a route that does not say who may ask it. To be called before the first route is
 * added.
 */
export function requireRouteScopes(server: FastifyInstance): void {
  const routes: RouteOptions[] = [];
  server.addHook('onRoute', (route) => {
    // Browsers ask with OPTIONS before they show a key, and there is nothing else behind it.
    if (route.method === 'OPTIONS') route.config = { ...route.config, access: { scope: 'public' } };
    routes.push(route);
  });
  server.addHook('onReady', async () => {
    const undeclared = routes.filter(({ config }) => !config?.access);
    if (undeclared.length === 0) return;
    const names = undeclared.map(({ method, url }) => `${method} ${url}`).join(', ');
    throw new Error(`Routes without a scope: ${names}. Add "config: { access: { scope } }" to each.`);
  });
}

/**
 * Says it for all routes of a plugin that knows no scopes. To be called in a scope of its own, before the
 * plugin is registered.
 */
export function declareAccess(server: FastifyInstance, access: RouteAccess): void {
  server.addHook('onRoute', (route) => {
    route.config = { ...route.config, access };
  });
}
