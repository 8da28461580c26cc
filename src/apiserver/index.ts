// The API server: the whole of Kubernetes' HTTP API over one store. `createApiServer` gives its handler; `startApiServer` also serves it on the network.

import type { Env, Running } from '../env/env.ts';
import { Admission } from './admission/admission.ts';
import { builtInPlugins } from './admission/plugins/index.ts';
import { registrationStrategyFor } from './admission/registration-validation.ts';
import { keepApiServices } from './apiregistration/keeper.ts';
import { apiServiceStrategyFor } from './apiregistration/strategy.ts';
import { Authenticator } from './auth/authenticator.ts';
import { allowAll, mastersAuthorizer, union } from './auth/authorizer.ts';
import { nodeAuthorizer } from './auth/node.ts';
import { RbacAuthorizer } from './auth/rbac.ts';
import { ServiceAccountTokens } from './auth/service-account-tokens.ts';
import { keepTokenSecrets } from './auth/token-secrets.ts';
import { bootstrap } from './bootstrap.ts';
import type { ApiServerConfig } from './config.ts';
import { runDefinitions } from './crd/controller.ts';
import { definitionStrategyFor } from './crd/definition-strategy.ts';
import { OpenApi } from './discovery/openapi.ts';
import { FlowClassifier } from './flowcontrol/classifier.ts';
import { keepFlowControl } from './flowcontrol/keeper.ts';
import { Catalog } from './registry/catalog.ts';
import type { ResourceInfo } from './registry/resource.ts';
import { conversions } from './registry/versions.ts';
import type { Core } from './server/core.ts';
import { handle } from './server/handler.ts';
import { validate } from './server/machinery.ts';
import { Metrics } from './server/metrics.ts';
import { startCompactor } from './storage/compactor.ts';
import { Store } from './storage/store.ts';
import { WatchCache } from './storage/watch-cache.ts';
import { builtInStrategies } from './strategies/index.ts';
import { keepServiceRanges } from './strategies/service-range-keeper.ts';

export type { ApiServerConfig } from './config.ts';

export interface ApiServer extends Running {
  /** Serves one request; never rejects. */
  handle(request: Request): Promise<Response>;
}

/** Starts an API server that is called directly. Resolves when its cache is filled and the system's objects are there. */
export async function createApiServer(env: Env, config: ApiServerConfig): Promise<ApiServer> {
  const cache = new WatchCache(config.etcd, env.clock);
  const store = new Store(config.etcd, cache, env.clock);
  const general = builtInStrategies(store, config);
  const strategyOf = (resource: ResourceInfo) => ({
    ...general(resource),
    ...definitionStrategyFor(resource),
    ...registrationStrategyFor(resource),
    ...apiServiceStrategyFor(resource),
  });
  const catalog = new Catalog(store, { validate }, strategyOf, conversions);
  await cache.start();
  const tokens = await ServiceAccountTokens.open(env, config, catalog);
  const rbac = new RbacAuthorizer(cache);
  const core: Core = {
    env,
    config,
    store,
    catalog,
    admission: new Admission(builtInPlugins(catalog, rbac, () => core)),
    authenticator: new Authenticator(config.tokens, [(token) => tokens.verify(token)], config.frontKey),
    authorizer:
      config.authorizationMode === 'AlwaysAllow' ? allowAll : union([mastersAuthorizer, nodeAuthorizer(cache), rbac]),
    flows: new FlowClassifier(cache),
    tokens,
    openApi: new OpenApi(catalog),
    metrics: new Metrics(),
    stopping: false,
    rulesFor: (user, namespace) => rbac.rulesFor(user, namespace),
  };
  await bootstrap(core);
  const definitions = runDefinitions(core);
  const flowControl = keepFlowControl(core);
  const ranges = keepServiceRanges(core);
  const apiServices = keepApiServices(core);
  const tokenSecrets = keepTokenSecrets(core);
  const compactor = config.compactionInterval
    ? startCompactor(config.etcd, env.clock, config.compactionInterval)
    : undefined;
  return {
    handle: (request) => handle(core, request),
    async stop() {
      core.stopping = true;
      compactor?.stop();
      flowControl.stop();
      ranges.stop();
      apiServices.stop();
      tokenSecrets.stop();
      definitions.stop();
      cache.stop();
    },
  };
}

/** Starts an API server on the network, at `config.host` and at the address that all API servers share. */
export async function startApiServer(env: Env, config: ApiServerConfig): Promise<ApiServer> {
  const server = await createApiServer(env, config);
  const port = config.host.split(':')[1] ?? '6443';
  const served = [...new Set([config.host, `kube-apiserver:${port}`])].map((host) =>
    env.network.serve(host, (request) => server.handle(request)),
  );
  return {
    handle: server.handle,
    async stop() {
      for (const closable of served) closable.close();
      await server.stop();
    },
  };
}
