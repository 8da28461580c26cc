// ClusterRoles with an aggregationRule have the rules of all that their selectors choose. Upstream: pkg/controller/clusterroleaggregation.

import type { ClusterRole, PolicyRule } from '../../api/generated/types.ts';
import { labelSelectorAsSelector, selectorMatches } from '../../api/labels.ts';
import {
  causeOf,
  isNotFound,
  keyOf,
  newController,
  type ReconcileContext,
  type ReconcileResult,
  type Resource,
  referenceTo,
  WorkQueue,
} from '../../client/index.ts';
import type { InitController } from '../shared/context.ts';
import { semanticEqual } from '../shared/equality.ts';

type Role = ClusterRole & { metadata: NonNullable<ClusterRole['metadata']> };

const clusterRoles: Resource<Role> = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  resource: 'clusterroles',
  kind: 'ClusterRole',
  namespaced: false,
};
const name = 'clusterrole-aggregation-controller';

export const initClusterRoleAggregationController: InitController = ({ env, client, informers, onError }) => {
  const queue = new WorkQueue({ clock: env.clock });
  const informer = informers.of(clusterRoles);
  // Each change may concern any that aggregates.
  const enqueue = (changed: Role) => {
    for (const role of informer.lister.list()) if (role.aggregationRule) queue.add(keyOf(role), causeOf(changed));
  };
  informer.addHandler({ onAdd: enqueue, onUpdate: (_, role) => enqueue(role), onDelete: enqueue });

  async function reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult> {
    const role = informer.lister.getByKey(key);
    if (!role?.aggregationRule) return {};
    const rules = aggregate(role, informer.lister.list());
    if (semanticEqual(rules, role.rules ?? [])) return {};
    await context.plan({
      subject: referenceTo(role),
      will: `give ClusterRole ${key} the rules of those it aggregates`,
    });
    const { apiVersion, kind, metadata } = role;
    try {
      await client.request('PATCH', client.path(clusterRoles, '', metadata.name), {
        body: { apiVersion, kind, metadata: { name: metadata.name }, rules },
        contentType: 'application/apply-patch+yaml',
        query: { fieldManager: name, force: true },
        trace: context.trace,
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return {};
  }

  return newController({ env, name, queue, reconcile, onError: onError(name) });
};

/** The rules of all that are chosen, in the order of the selectors and then of names, each rule once. */
function aggregate(role: Role, all: readonly Role[]): PolicyRule[] {
  const rules: PolicyRule[] = [];
  const sorted = [...all].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const labels of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = labelSelectorAsSelector(labels);
    for (const { metadata, rules: its = [] } of sorted) {
      if (metadata.name === role.metadata.name || !selectorMatches(selector, metadata.labels)) continue;
      for (const rule of its) if (!rules.some((known) => semanticEqual(known, rule))) rules.push(rule);
    }
  }
  return rules;
}
