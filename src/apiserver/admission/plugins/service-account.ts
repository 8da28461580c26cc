// ServiceAccount: every pod runs as a service account of its namespace and is given a token for the API (plugin/pkg/admission/serviceaccount).

import type { Pod, ServiceAccount, Volume } from '../../../api/generated/types.ts';
import { newForbidden } from '../../../api/status.ts';
import { randomNameSuffix } from '../../../env/random.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionPlugin } from '../admission.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

export function serviceAccount(catalog: Catalog): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    resources: ['pods'],
    async mutate({ operation, resource, subresource, object, namespace, context }) {
      if (
        operation !== 'CREATE' ||
        resource.resource !== 'pods' ||
        resource.group !== '' ||
        subresource !== '' ||
        !object
      )
        return undefined;
      const pod = object as unknown as Pod;
      // A mirror of a static pod has no identity.
      if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return undefined;
      const { spec } = pod;
      if (!spec) return undefined;
      if (!spec.serviceAccountName) spec.serviceAccountName = spec.serviceAccount || 'default';
      spec.serviceAccount = spec.serviceAccountName;
      const name = spec.serviceAccountName;
      const found = await catalog.registry('', 'serviceaccounts').lookUp(namespace, name);
      if (!found)
        throw newForbidden(
          resource.groupResource,
          pod.metadata.name,
          `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
        );
      const account = found.object as unknown as ServiceAccount;
      const wants = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
      if (wants) mountToken(pod, `kube-api-access-${randomNameSuffix(context.env.random)}`);
      if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
        spec.imagePullSecrets = account.imagePullSecrets.map((reference) => ({ ...reference }));
      return object;
    },
  };
}

function mountToken({ spec }: Pod, name: string): void {
  let used = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === mountPath)) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
    used = true;
  }
  if (!used) return;
  const volume: Volume = {
    name,
    projected: {
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    },
  };
  spec.volumes = [...(spec.volumes ?? []), volume];
}
