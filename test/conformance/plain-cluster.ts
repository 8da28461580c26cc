// What most conformance tests run against: everything in memory, on a free port, with controllers and one hollow node.

import type { ServeOptions } from '../../src/bridge/cluster-options.ts';

export const plainCluster: ServeOptions = {
  port: 0,
  bindAddress: '127.0.0.1',
  kubeconfigOut: undefined,
  tokenAuthFile: undefined,
  etcdServers: [],
  dataDir: undefined,
  hollowNodes: 1,
  controllers: true,
  authorizationMode: 'RBAC',
};
