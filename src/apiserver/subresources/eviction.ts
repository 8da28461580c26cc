// POST pods/<name>/eviction: a delete that asks the PodDisruptionBudgets first (pkg/registry/core/pod/storage/eviction.go).

import type { Pod, PodDisruptionBudget } from '../../api/generated/types.ts';
import { labelSelectorAsSelector, selectorMatches } from '../../api/labels.ts';
import { newBadRequest, newInternalError, newTooManyRequests, successStatus } from '../../api/status.ts';
import { rfc3339 } from '../../env/clock.ts';
import { readDeleteOptions } from '../registry/preconditions.ts';
import type { Served } from '../registry/served.ts';
import type { RequestContext } from '../server/context.ts';
import type { Core, SpecialHandler } from '../server/core.ts';
import { jsonResponse } from '../server/respond.ts';
import { readReview } from '../server/review.ts';
import { admissionOf, isDryRun } from './admission.ts';

const budgets = '/registry/poddisruptionbudgets/';

export const podEviction: SpecialHandler = (core, context, served) =>
  context.info.verb === 'create' ? evict(core, context, served) : undefined;

async function evict(core: Core, context: RequestContext, served: Served): Promise<Response> {
  const { namespace, name } = context.info;
  const sent = await readReview(context, 'policy', 'v1', 'Eviction', 'v1beta1');
  if (sent.metadata.name && sent.metadata.name !== name)
    throw newBadRequest('name in URL does not match name in Eviction object');
  sent.metadata = { ...sent.metadata, name, namespace };
  const gate = admissionOf(core, context, served, 'CREATE');
  const review = await gate.mutate(sent);
  const options = readDeleteOptions(review['deleteOptions'] ?? undefined, new URLSearchParams());
  if (isDryRun(context)) options.dryRun = ['All'];
  await gate.validate(review);
  const pods = core.catalog.registry('', 'pods');
  const pod = (await pods.get(namespace, name)).object as unknown as Pod;
  const finished =
    pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' || pod.status?.phase === 'Pending';
  if (!finished && !pod.metadata.deletionTimestamp && !options.dryRun) await askBudgets(core, context, pod);
  await pods.delete(namespace, name, context, options);
  return jsonResponse({ ...successStatus({}), code: 201, details: undefined }, 201);
}

async function askBudgets(core: Core, context: RequestContext, pod: Pod): Promise<void> {
  const { namespace = '', name, labels } = pod.metadata;
  const all = await core.store.fresh(budgets);
  const matching = (all?.list(`${budgets}${namespace}/`) ?? [])
    .map((entry) => entry.object as unknown as PodDisruptionBudget)
    .filter(({ spec }) => spec.selector && selectorMatches(labelSelectorAsSelector(spec.selector), labels));
  if (matching.length === 0) return;
  if (matching.length > 1)
    throw newInternalError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  const budget = matching[0] as PodDisruptionBudget;
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  const healthyEnough = (budget.status?.currentHealthy ?? 0) >= (budget.status?.desiredHealthy ?? 0);
  if (
    !ready &&
    (budget.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow' ||
      (healthyEnough && (budget.status?.desiredHealthy ?? 0) > 0))
  )
    return;
  const registry = core.catalog.registry('policy', 'poddisruptionbudgets');
  await registry.update(
    namespace,
    budget.metadata.name,
    context,
    async (current) => {
      const object = current.copy();
      const it = object as unknown as PodDisruptionBudget;
      const { status } = it;
      const refuse = (text: string) => {
        const error = newTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0);
        error.status.details = { causes: [{ reason: 'DisruptionBudget', message: text }] };
        return error;
      };
      if (!status || (status.observedGeneration ?? 0) < (it.metadata.generation ?? 0))
        throw newTooManyRequests(`Cannot evict pod as it would violate the pod's disruption budget.`, 10);
      if ((status.disruptionsAllowed ?? 0) <= 0)
        throw refuse(
          `The disruption budget ${it.metadata.name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`,
        );
      status.disruptionsAllowed = (status.disruptionsAllowed ?? 0) - 1;
      status.disruptedPods = { ...status.disruptedPods, [name]: rfc3339(core.env.clock.now()) };
      return object;
    },
    { dryRun: false, subresource: 'status' },
  );
}
