// Checks of "From YAML to process". Each reads the cluster and nothing else, so it does not matter how the learner got there.

import type { CoreV1Event, Deployment, Pod, ReplicaSet } from '../../src/api/generated/types.ts';
import type { Check, Look } from '../../src/lessons/check.ts';

const deploymentPath = '/apis/apps/v1/namespaces/default/deployments/greeter';

async function replicaSets(look: Look): Promise<ReplicaSet[]> {
  const deployment = await look.get<Deployment>(deploymentPath);
  if (!deployment) return [];
  const all = await look.list<ReplicaSet>('/apis/apps/v1/namespaces/default/replicasets');
  return all.filter((set) => set.metadata.ownerReferences?.some((owner) => owner.uid === deployment.metadata.uid));
}

async function pods(look: Look): Promise<Pod[]> {
  const uids = (await replicaSets(look)).map((set) => set.metadata.uid);
  const all = await look.list<Pod>('/api/v1/namespaces/default/pods');
  return all.filter(
    (pod) => !pod.metadata.deletionTimestamp && pod.metadata.ownerReferences?.some((owner) => uids.includes(owner.uid)),
  );
}

const isReady = (pod: Pod) =>
  (pod.status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');

export const checks: Record<string, Check> = {
  'deployment-stored': async (look) =>
    (await look.get<Deployment>(deploymentPath))
      ? true
      : 'There is no Deployment called greeter in the namespace default. Open greeter.yaml and press Apply.',

  'replicaset-found': async (look) => {
    const sets = await replicaSets(look);
    if (sets.length === 0) return 'The Deployment has no ReplicaSet yet.';
    if (sets.some((set) => set.metadata.labels?.['seen'] === 'yes')) return true;
    return `kubectl get replicasets shows its name. None of greeter's has the label seen=yes.`;
  },

  'pod-placed': async (look) => {
    const own = await pods(look);
    if (own.length === 0) return 'Greeter has no pods yet.';
    if (own.some((pod) => pod.spec.nodeName)) return true;
    return 'Every pod of greeter is still without a node. How much CPU does the file ask for, and how much has a node?';
  },

  'process-named': async (look) => {
    const own = await pods(look);
    if (!own.some(isReady)) return 'No pod of greeter is ready yet: give its process a moment.';
    const said = own.map((pod) => pod.metadata.annotations?.['pid1']).find((each) => each !== undefined);
    if (said === undefined) return 'No pod of greeter carries the annotation pid1 yet.';
    return said.replace(/:$/, '') === 'nginx' ? true : `Process 1 is not called ${said}. It is the web server itself.`;
  },

  'pod-replaced': async (look) => {
    const own = await pods(look);
    const current = (await replicaSets(look)).find(
      (set) => (set.spec?.replicas ?? 0) > 0 && (set.status?.readyReplicas ?? 0) > 0,
    );
    if (!current) return 'Greeter has no ready pod to delete yet.';
    const events = await look.list<CoreV1Event>('/api/v1/namespaces/default/events');
    const created = events.flatMap((event) =>
      event.involvedObject.uid === current.metadata.uid && event.reason === 'SuccessfulCreate'
        ? [/Created pod: (\S+)/.exec(event.message ?? '')?.[1] ?? '']
        : [],
    );
    const names = own.map((pod) => pod.metadata.name);
    const gone = created.filter((name) => name && !names.includes(name));
    if (gone.length === 0) return 'Every pod this ReplicaSet ever made is still there. Delete one.';
    const wanted = current.spec?.replicas ?? 1;
    return own.filter(isReady).length >= wanted ? true : 'It is gone. Its replacement is on the way.';
  },

  'three-ready': async (look) => {
    const deployment = await look.get<Deployment>(deploymentPath);
    const wanted = deployment?.spec?.replicas ?? 0;
    if (wanted < 3) return `Greeter wants ${wanted === 1 ? 'one pod' : `${wanted} pods`}, not three.`;
    const ready = (await pods(look)).filter(isReady).length;
    return ready >= 3 ? true : `${ready} of 3 are ready.`;
  },
};
