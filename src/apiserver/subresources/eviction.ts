// POST pods/<name>/eviction: a delete that asks the PodDisruptionBudgets first (pkg/registry/core/pod/storage/eviction.go).
//
// Invariants: a disruption is counted before the pod goes; a pod that its budget does not count is only deleted as it was seen.

import type { Condition, Pod, PodDisruptionBudget } from '../../api/generated/types.ts';
import { labelSelectorAsSelector, selectorMatches } from '../../api/labels.ts';
import { ApiError, newBadRequest, newForbidden, newTooManyRequests, successStatus } from '../../api/status.ts';
import { rfc3339 } from '../../env/clock.ts';
import { type DeleteOptions, readDeleteOptions } from '../registry/preconditions.ts';
import type { Served } from '../registry/served.ts';
import type { RequestContext } from '../server/context.ts';
import type { Core, SpecialHandler } from '../server/core.ts';
import { jsonResponse } from '../server/respond.ts';
import { readReview } from '../server/review.ts';
import { admissionOf, isDryRun } from './admission.ts';

const budgets = '/registry/poddisruptionbudgets/';
const maxDisruptedPods = 2000;
const tooManyBudgets =
  'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
const violated = "Cannot evict pod as it would violate the pod's disruption budget.";

export const podEviction: SpecialHandler = (core, context, served) =>
  context.info.verb === 'create' ? evict(core, context, served) : undefined;

async function evict(core: Core, context: RequestContext, served: Served): Promise<Response> {
  const { namespace, name } = context.info;
  const sent = await readReview(context, 'policy', 'v1', 'Eviction', 'v1beta1');
  if (sent.metadata.name !== name) throw newBadRequest('name in URL does not match name in Eviction object');
  sent.metadata = { ...sent.metadata, name, namespace };
  const gate = admissionOf(core, context, served, 'CREATE');
  const review = await gate.mutate(sent);
  const options = readDeleteOptions(review['deleteOptions'] ?? undefined, new URLSearchParams());
  if (isDryRun(context)) options.dryRun = ['All'];
  await gate.validate(review);
  const pods = core.catalog.registry('', 'pods');
  const pod = (await pods.get(namespace, name)).object as unknown as Pod;
  const { phase } = pod.status ?? {};
  const uncounted =
    phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || pod.metadata.deletionTimestamp;
  const matching = uncounted ? [] : await budgetsOf(core, pod);
  if (matching.length > 1)
    // Upstream answers with this Status as if it had been created.
    return jsonResponse(
      { ...successStatus({}), status: 'Failure', message: tooManyBudgets, code: 500, details: undefined },
      201,
    );
  const [budget] = matching;
  const free = budget !== undefined && !isReady(pod) && mayGoUnhealthy(budget);
  if (budget && !free) await countDisruption(core, context, budget, name, Boolean(options.dryRun));
  const versionless = options.preconditions?.resourceVersion === undefined;
  if (free && versionless)
    options.preconditions = { ...options.preconditions, resourceVersion: pod.metadata.resourceVersion as string };
  try {
    await markAndDelete(core, context, pod, options);
  } catch (error) {
    if (free && versionless && error instanceof ApiError && error.code === 409)
      throw stillProcessed(budget.metadata.name);
    throw error;
  }
  return jsonResponse({ ...successStatus({}), code: 201, details: undefined }, 201);
}

async function budgetsOf(core: Core, { metadata }: Pod): Promise<PodDisruptionBudget[]> {
  const all = await core.store.fresh(budgets);
  return (all?.list(`${budgets}${metadata.namespace}/`) ?? [])
    .map((entry) => entry.object as unknown as PodDisruptionBudget)
    .filter(({ spec }) => spec?.selector && selectorMatches(labelSelectorAsSelector(spec.selector), metadata.labels));
}

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;

/** Pods that are not ready count for nothing: they may go while the others are enough, or at any time where the budget says so. */
function mayGoUnhealthy({ spec, status }: PodDisruptionBudget): boolean {
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (currentHealthy >= desiredHealthy && desiredHealthy > 0);
}

/** The pod says why it goes before it does. */
async function markAndDelete(core: Core, context: RequestContext, pod: Pod, options: DeleteOptions): Promise<void> {
  const { namespace = '', name } = pod.metadata;
  const pods = core.catalog.registry('', 'pods');
  const { preconditions } = options;
  const marked = options.dryRun
    ? undefined
    : await pods.update(
        namespace,
        name,
        context,
        async (current) => {
          const object = current.copy();
          const { uid, resourceVersion } = preconditions ?? {};
          if (uid) object.metadata.uid = uid;
          if (resourceVersion) object.metadata.resourceVersion = resourceVersion;
          const it = object as unknown as Pod;
          const others = (it.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
          const condition = {
            type: 'DisruptionTarget',
            status: 'True',
            lastTransitionTime: rfc3339(core.env.clock.now()),
            reason: 'EvictionByEvictionAPI',
            message: 'Eviction API: evicting',
          };
          it.status = { ...it.status, conditions: [...others, condition] };
          return object;
        },
        { dryRun: false, subresource: 'status' },
      );
  const version = marked?.entry.object.metadata.resourceVersion;
  await pods.delete(namespace, name, context, {
    ...options,
    ...(preconditions && {
      preconditions: {
        ...preconditions,
        ...(preconditions.resourceVersion && version && { resourceVersion: version }),
      },
    }),
  });
}

function refusal(retryAfterSeconds: number, message: string): ApiError {
  const error = newTooManyRequests(violated, retryAfterSeconds);
  error.status.details = { ...error.status.details, causes: [{ reason: 'DisruptionBudget', message }] };
  return error;
}
const stillProcessed = (name: string) =>
  refusal(10, `The disruption budget ${name} is still being processed by the server.`);

/** Takes one of the disruptions that the budget allows, or says why there is none. */
async function countDisruption(
  core: Core,
  context: RequestContext,
  { metadata }: PodDisruptionBudget,
  pod: string,
  dryRun: boolean,
): Promise<void> {
  const registry = core.catalog.registry('policy', 'poddisruptionbudgets');
  const resource = { group: 'policy', resource: 'poddisruptionbudget' };
  await registry.update(
    metadata.namespace ?? '',
    metadata.name,
    context,
    async (current) => {
      const object = current.copy();
      const it = object as unknown as PodDisruptionBudget;
      const { name, generation = 0 } = it.metadata;
      const { status } = it;
      if (!status || (status.observedGeneration ?? 0) < generation) throw stillProcessed(name);
      const allowed = status.disruptionsAllowed ?? 0;
      if (allowed < 0) throw newForbidden(resource, name, 'pdb disruptions allowed is negative');
      if (Object.keys(status.disruptedPods ?? {}).length > maxDisruptedPods)
        throw newForbidden(
          resource,
          name,
          'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
        );
      if (allowed === 0)
        throw refusal(
          0,
          `The disruption budget ${name} needs ${status.desiredHealthy ?? 0} healthy pods and has ${status.currentHealthy ?? 0} currently`,
        );
      const now = rfc3339(core.env.clock.now());
      status.disruptionsAllowed = allowed - 1;
      if (allowed === 1) status.conditions = withNoneAllowed(status, now);
      status.disruptedPods = { ...status.disruptedPods, [pod]: now };
      return object;
    },
    { dryRun, subresource: 'status' },
  );
}

/** The last disruption is taken: the condition says so (pkg/controller/disruption's UpdateDisruptionAllowedCondition). */
function withNoneAllowed(status: NonNullable<PodDisruptionBudget['status']>, now: string): Condition[] {
  const { conditions = [], observedGeneration } = status;
  const type = 'DisruptionAllowed';
  const before = conditions.find((condition) => condition.type === type);
  const condition: Condition = {
    type,
    status: 'False',
    ...(observedGeneration !== undefined && { observedGeneration }),
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : now,
    reason: 'InsufficientPods',
    message: '',
  };
  return before ? conditions.map((each) => (each === before ? condition : each)) : [...conditions, condition];
}
