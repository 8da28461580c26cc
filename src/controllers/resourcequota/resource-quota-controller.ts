// Recounts what namespaces use of what their ResourceQuotas limit, and says so in status. Upstream: pkg/controller/resourcequota.
//
// Admission charges what is made; this loop fills in a new quota's status, gives back what is gone, and sets right what admission charged in vain.
// Invariants: status.hard follows spec.hard; status.used has a value for every name in it that some kind is counted by; a write rests on the quota as it was
// when the counting began (its resourceVersion), so that it does not undo what admission charged meanwhile.

import type { PersistentVolumeClaim, Pod, ResourceQuota } from '../../api/generated/types.ts';
import { formatQuantity, parseQuantity } from '../../api/quantity.ts';
import { inScope } from '../../api/quota/scopes.ts';
import { countedKind, namesOf, sameUsage, totalUsage, usageOf } from '../../api/quota/usage.ts';
import type { GroupResource } from '../../api/status.ts';
import {
  causeOf,
  type EventHandler,
  isNotFound,
  type KubernetesObject,
  keyOf,
  newController,
  type ReconcileContext,
  type ReconcileResult,
  type Resource,
  referenceTo,
  resourceQuotas,
  WorkQueue,
} from '../../client/index.ts';
import { sleep } from '../../env/clock.ts';
import type { InitController } from '../shared/context.ts';
import { semanticEqual } from '../shared/equality.ts';
import { CountedResources, idOf, isMeasured } from './counted-resources.ts';

const name = 'resourcequota-controller';
/** --resource-quota-sync-period */
const resyncMs = 5 * 60_000;
const discoveryMs = 30_000;
// What is made was charged by admission: looking again soon is only to notice when a recount came between the charge and the object.
const settleMs = 1000;

const hardNames = ({ spec }: ResourceQuota): string[] => Object.keys(spec?.hard ?? {});

/** The kinds that a quota counts, each once. */
function kindsOf(quota: ResourceQuota): Map<string, GroupResource> {
  const kinds = new Map<string, GroupResource>();
  for (const each of hardNames(quota)) {
    const kind = countedKind(each);
    if (kind) kinds.set(idOf(kind), kind);
  }
  return kinds;
}

export const initResourceQuotaController: InitController = ({ env, client, informers, config, onError }) => {
  const queue = new WorkQueue({ clock: env.clock });
  const quotaInformer = informers.of(resourceQuotas);
  const counted = new CountedResources(env, client, informers, handlerFor);
  const report = onError(name);

  quotaInformer.addHandler(
    {
      onAdd: (quota) => queue.add(keyOf(quota), causeOf(quota)),
      onUpdate(old, quota) {
        // Old and new are the same at a resync. Changes of status are admission's and our own.
        if (old === quota) queue.add(keyOf(quota), { reason: 'resync' });
        else if (!semanticEqual(old.spec?.hard, quota.spec?.hard)) queue.add(keyOf(quota), causeOf(quota));
      },
      onDelete: (quota) => queue.add(keyOf(quota), causeOf(quota)),
    },
    { resyncPeriodMs: resyncMs },
  );

  /** Puts the quotas on the queue that count a kind in the object's namespace. */
  function enqueue(kind: GroupResource, object: KubernetesObject, afterMs = 0): void {
    for (const quota of quotaInformer.lister.list(object.metadata.namespace))
      if (namesOf(kind, hardNames(quota)).length > 0) queue.addAfter(keyOf(quota), afterMs, causeOf(object));
  }

  function handlerFor(of: Resource): EventHandler<KubernetesObject> {
    return {
      onAdd: (object) => enqueue(of, object, settleMs),
      onUpdate(old, object) {
        if (!isMeasured(of)) return;
        const now = env.clock.now();
        if (!sameUsage(usageOf(of, old, now), usageOf(of, object, now)) || changesScope(of, old, object))
          enqueue(of, object);
      },
      onDelete: (object) => enqueue(of, object),
    };
  }

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const quota = quotaInformer.lister.getByKey(key);
    const wanted = new Set(quotaInformer.lister.list().flatMap((each) => [...kindsOf(each).keys()]));
    counted.keep(wanted);
    if (!quota || quota.metadata.deletionTimestamp) return {};
    const hard = quota.spec?.hard ?? {};
    const used = await count(quota, context);
    const { status } = quota;
    if (status?.hard && semanticEqual(hard, status.hard) && sameAmounts(used, status.used ?? {})) return {};
    await context.plan({
      subject: referenceTo(quota),
      saw: { used: { ...status?.used } },
      will: `say in ResourceQuota ${key} what is used: ${Object.entries(used)
        .map(([each, amount]) => `${each}=${amount}`)
        .join(', ')}`,
    });
    try {
      await client.updateStatus(resourceQuotas, { ...quota, status: { hard, used } }, { trace: context.trace });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return {};
  }

  /** What is used now by the names in `hard`; of names that cannot be counted, what was known before. */
  async function count(quota: ResourceQuota, { signal, trace }: ReconcileContext): Promise<Record<string, string>> {
    const { namespace = '' } = quota.metadata;
    const names = hardNames(quota);
    const found = new Map<string, string>();
    for (const kind of kindsOf(quota).values()) {
      const objects = await counted.objects(kind, namespace, signal, trace);
      if (!objects) continue;
      const inside = objects.filter((object) => inScope(quota, kind, object));
      for (const [each, amount] of totalUsage(kind, inside, namesOf(kind, names), env.clock.now()))
        found.set(each, formatQuantity(amount));
    }
    const used: Record<string, string> = {};
    for (const each of names.sort()) {
      const amount = found.get(each) ?? quota.status?.used?.[each];
      if (amount !== undefined) used[each] = amount;
    }
    return used;
  }

  /** New kinds that some quota names are counted when the server begins to serve them, those that it stops to serve are let go. */
  async function followDiscovery(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(env.clock, discoveryMs, signal).catch(() => {});
      const byCount = quotaInformer.lister
        .list()
        .filter((quota) => hardNames(quota).some((each) => /^count\//.test(each)));
      if (signal.aborted || byCount.length === 0) continue;
      try {
        await counted.rediscover(signal);
      } catch (error) {
        if (!signal.aborted) report('discovery', error);
        continue;
      }
      for (const quota of byCount)
        if (hardNames(quota).some((each) => quota.status?.used?.[each] === undefined)) queue.add(keyOf(quota));
    }
  }

  const controller = newController({ env, name, queue, reconcile, workers: config.workers, onError: report });
  return { run: async (signal) => void (await Promise.all([controller.run(signal), followDiscovery(signal)])) };
};

/** Whether an update can move an object into a quota's scopes or out of them. */
function changesScope(of: GroupResource, old: KubernetesObject, object: KubernetesObject): boolean {
  if (of.resource === 'pods')
    return (old as Pod).spec.activeDeadlineSeconds !== (object as Pod).spec.activeDeadlineSeconds;
  if (of.resource !== 'persistentvolumeclaims') return false;
  const classes = ({ spec, status }: PersistentVolumeClaim) => [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return !semanticEqual(classes(old as PersistentVolumeClaim), classes(object as PersistentVolumeClaim));
}

function sameAmounts(a: Record<string, string>, b: Record<string, string>): boolean {
  const read = (amounts: Record<string, string>) =>
    new Map(Object.entries(amounts).map(([each, text]) => [each, parseQuantity(text)]));
  return sameUsage(read(a), read(b));
}
