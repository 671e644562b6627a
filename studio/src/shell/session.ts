import { atom, computed } from 'nanostores';
import * as z from 'zod/mini';
import { $token, ApiError, call } from '../api/call.js';

const sessionSchema = z.looseObject({
  required: z.boolean(),
  key: z.nullable(z.looseObject({ name: z.string(), scopes: z.array(z.string()) })),
  token: z.optional(z.string()),
});
export type Session = z.infer<typeof sessionSchema>;

/** Whose page this is. Absent: not known yet. */
export const $session = atom<Session | undefined>();

/** Whether this page may change what all share: plugins, models, keys. */
export const $isAdmin = computed(
  $session,
  (session) => session !== undefined && (!session.required || session.key?.scopes.includes('admin') === true),
);

function keep(session: Session): void {
  $token.set(session.token);
  $session.set(session);
}

/** Asks whose session this is; a server that cannot be reached is asked by what comes after. */
export async function openSession(): Promise<void> {
  await call(sessionSchema, 'api/session').then(keep, () => keep({ required: false, key: null }));
}

/** Answers what is wrong with a key. Undefined: nothing. */
export async function signIn(key: string): Promise<string | undefined> {
  try {
    keep(await call(sessionSchema, 'api/session', { method: 'POST', body: { key } }));
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}

export async function signOut(): Promise<void> {
  await call(sessionSchema, 'api/session', { method: 'DELETE' });
  location.reload();
}
