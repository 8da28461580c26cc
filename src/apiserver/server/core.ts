// What all parts of one API server share.

import type { PolicyRule } from '../../api/generated/types.ts';
import type { Env } from '../../env/env.ts';
import type { Admission } from '../admission/admission.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import type { ApiServerConfig } from '../config.ts';
import type { OpenApi } from '../discovery/openapi.ts';
import type { FlowClassifier } from '../flowcontrol/classifier.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { Served } from '../registry/served.ts';
import type { Store } from '../storage/store.ts';
import type { RequestContext, UserInfo } from './context.ts';
import type { Metrics } from './metrics.ts';

export interface Core {
  env: Env;
  config: ApiServerConfig;
  store: Store;
  catalog: Catalog;
  admission: Admission;
  authenticator: Authenticator;
  authorizer: Authorizer;
  /** What is asked of the server, told apart by who asks for what. */
  flows: FlowClassifier;
  tokens: ServiceAccountTokens;
  openApi: OpenApi;
  metrics: Metrics;
  /** The server has been told to stop: it is not ready any more. */
  stopping: boolean;
  /** The RBAC rules that hold for a user in a namespace. */
  rulesFor(user: UserInfo, namespace: string): PolicyRule[];
}

/** Answers one subresource (or review) for all its verbs. Undefined: the verb is not supported. */
export type SpecialHandler = (core: Core, context: RequestContext, served: Served) => Promise<Response> | undefined;
