// ServiceAccount: every pod runs as a service account of its namespace and is given a token for the API (plugin/pkg/admission/serviceaccount).

import type { Pod, ServiceAccount, Volume } from '../../../api/generated/types.ts';
import { newForbidden } from '../../../api/status.ts';
import { randomNameSuffix } from '../../../env/random.ts';
import type { Catalog } from '../../registry/catalog.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const volumePrefix = 'kube-api-access-';

export function serviceAccount(catalog: Catalog): AdmissionPlugin {
  /** The pod that is made, and how it is refused. */
  function made({ operation, resource, subresource, object }: AdmissionAttributes) {
    const pod = object as unknown as Pod | undefined;
    if (operation !== 'CREATE' || subresource !== '' || resource.group !== '' || resource.resource !== 'pods') return;
    return pod?.spec && { pod, refuse: (why: string) => newForbidden(resource.groupResource, pod.metadata.name, why) };
  }
  type Made = NonNullable<ReturnType<typeof made>>;
  async function accountOf({ pod, refuse }: Made, namespace: string): Promise<ServiceAccount> {
    const name = pod.spec.serviceAccountName as string;
    const found = await catalog.registry('', 'serviceaccounts').lookUp(namespace, name);
    if (found) return found.object as unknown as ServiceAccount;
    throw refuse(
      `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`,
    );
  }
  return {
    name: 'ServiceAccount',
    resources: ['pods'],
    async mutate(attributes) {
      const it = made(attributes);
      if (!it) return undefined;
      const { pod } = it;
      if (isMirror(pod)) return checkMirror(it);
      const { spec } = pod;
      if (!spec.serviceAccountName) spec.serviceAccountName = spec.serviceAccount || 'default';
      spec.serviceAccount = spec.serviceAccountName;
      const account = await accountOf(it, attributes.namespace);
      const wants = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
      if (wants) mountToken(pod, `${volumePrefix}${randomNameSuffix(attributes.context.env.random)}`);
      if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
        spec.imagePullSecrets = account.imagePullSecrets.map((reference) => ({ ...reference }));
      return attributes.object;
    },
    async validate(attributes) {
      const it = made(attributes);
      if (!it) return;
      if (isMirror(it.pod)) return void checkMirror(it);
      const { namespace } = attributes;
      if (!it.pod.spec.serviceAccountName)
        throw it.refuse(`no service account specified for pod ${namespace}/${it.pod.metadata.name}`);
      await accountOf(it, namespace);
    },
  };
}

/** A mirror of a static pod has no identity. */
const isMirror = ({ metadata }: Pod): boolean => metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;

/** Throws the refusal of a mirror pod that needs one. */
function checkMirror({ pod, refuse }: { pod: Pod; refuse(why: string): Error }): undefined {
  const { spec } = pod;
  if (spec.serviceAccountName) throw refuse('a mirror pod may not reference service accounts');
  if (namesSecret(spec)) throw refuse('a mirror pod may not reference secrets');
  if (spec.volumes?.some(({ projected }) => projected?.sources?.some((source) => source.serviceAccountToken)))
    throw refuse('a mirror pod may not use ServiceAccountToken volume projections');
}

/** Whether a pod refers to a Secret anywhere (podutil.VisitPodSecretNames). */
function namesSecret(spec: Pod['spec']): boolean {
  if (spec.imagePullSecrets?.length) return true;
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  if (
    containers.some(
      ({ env, envFrom }) => env?.some((e) => e.valueFrom?.secretKeyRef) || envFrom?.some((e) => e.secretRef),
    )
  )
    return true;
  return (spec.volumes ?? []).some(
    ({ secret, projected, ...others }) =>
      secret !== undefined ||
      projected?.sources?.some((source) => source.secret) ||
      Object.values(others).some(
        (source) =>
          typeof source === 'object' && source !== null && ('secretRef' in source || 'nodePublishSecretRef' in source),
      ),
  );
}

/** `fresh`: the name of the volume, unless there is one: containers that came after the first round share it. */
function mountToken({ spec }: Pod, fresh: string): void {
  const known = spec.volumes?.find((volume) => volume.name.startsWith(volumePrefix));
  const name = known?.name ?? fresh;
  let used = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === mountPath)) continue;
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }];
    used = true;
  }
  if (!used || known) return;
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
