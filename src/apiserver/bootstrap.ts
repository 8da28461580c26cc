// What a fresh cluster has from the start: the system's namespaces and its own Service (pkg/controlplane/controller/systemnamespaces, kubernetesservice).

import { isAlreadyExists } from '../api/status.ts';
import type { KubeObject } from './object.ts';
import { loopbackUser, type RequestContext } from './server/context.ts';
import type { Core } from './server/core.ts';
import { parseRequestInfo } from './server/request-info.ts';

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** A context for the server's own writes. */
export function ownContext(core: Core, method: string, path: string): RequestContext {
  const url = new URL(path, 'http://localhost');
  return {
    env: core.env,
    request: new Request(url, { method }),
    url,
    info: parseRequestInfo(method, url),
    user: loopbackUser,
    span: core.env.trace.span(),
    parentSpanId: undefined,
    warnings: new Set(),
  };
}

/** Creates `object` unless it is there. */
export async function ensure(core: Core, group: string, resource: string, object: KubeObject): Promise<void> {
  const registry = core.catalog.registry(group, resource);
  const { namespace = '', name } = object.metadata;
  if (await registry.find(namespace, name)) return;
  const base = group === '' ? '/api/v1' : `/apis/${group}/${registry.resource.version}`;
  const context = ownContext(
    core,
    'POST',
    namespace ? `${base}/namespaces/${namespace}/${resource}` : `${base}/${resource}`,
  );
  registry.fillSystemFields(object, context);
  await registry.create(object, context, { dryRun: false }).catch((error) => {
    if (!isAlreadyExists(error)) throw error;
  });
}

export async function bootstrapNamespaces(core: Core): Promise<void> {
  for (const name of namespaces)
    await ensure(core, '', 'namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
      spec: { finalizers: ['kubernetes'] },
    });
}
