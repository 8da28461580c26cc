// Users and roles as an etcd answers that has none and whose authentication was never enabled. Here none can be made: who may do what is the API server's business.

import type { HeaderResponse } from '../api/types.ts';
import { type ErrorName, etcdError } from '../errors.ts';
import type { Backend } from './backend.ts';

type AuthCall = (backend: Backend, request: { name?: string }) => Promise<HeaderResponse>;

const refused =
  (name: ErrorName): AuthCall =>
  async () => {
    throw etcdError(name);
  };

/** Adding needs a name, and then is not supported. */
const added =
  (nameless: ErrorName): AuthCall =>
  async (_, { name }) => {
    throw etcdError(name ? 'usersNotSupported' : nameless);
  };

const nothing: AuthCall = async (backend) => ({ header: backend.header() });

/** Calls by path. */
export const authCalls: Record<string, AuthCall> = {
  '/v3/auth/enable': refused('rootUserNotExist'),
  '/v3/auth/disable': nothing,
  '/v3/auth/authenticate': refused('authNotEnabled'),
  '/v3/auth/user/add': added('userEmpty'),
  '/v3/auth/user/get': refused('userNotFound'),
  '/v3/auth/user/list': nothing,
  '/v3/auth/user/delete': refused('userNotFound'),
  '/v3/auth/user/changepw': refused('userNotFound'),
  '/v3/auth/user/grant': refused('userNotFound'),
  '/v3/auth/user/revoke': refused('userNotFound'),
  '/v3/auth/role/add': added('roleEmpty'),
  '/v3/auth/role/get': refused('roleNotFound'),
  '/v3/auth/role/list': nothing,
  '/v3/auth/role/delete': refused('roleNotFound'),
  '/v3/auth/role/grant': refused('roleNotFound'),
  '/v3/auth/role/revoke': refused('roleNotFound'),
};
