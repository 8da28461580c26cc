// What keeps a namespace from going, as conditions of its status. Upstream: pkg/controller/namespace/deletion/status_condition_utils.go.

import type { NamespaceCondition } from '../../api/generated/types.ts';
import { setCondition } from '../shared/conditions.ts';

/** What one round of deletion found. */
export interface DeletionReport {
  discoveryErrors: string[];
  contentErrors: string[];
  /** Objects left, per group resource ("pods." in core, as upstream prints it). */
  remaining: Map<string, number>;
  /** Objects left that have a finalizer, per finalizer. */
  finalizers: Map<string, number>;
}

const fine: [type: string, reason: string, message: string][] = [
  ['NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'],
  ['NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
  [
    'NamespaceDeletionContentFailure',
    'ContentDeleted',
    'All content successfully deleted, may be waiting on finalization',
  ],
  ['NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'],
  ['NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
];

export function deletionConditions(
  conditions: readonly NamespaceCondition[] | undefined,
  report: DeletionReport,
  now: string,
): NamespaceCondition[] {
  const trouble = new Map<string, { reason: string; message: string }>();
  const note = (type: string, reason: string, message: string) => trouble.set(type, { reason, message });
  if (report.discoveryErrors.length > 0) {
    const message = `Discovery failed for some groups, ${report.discoveryErrors.length} failing: ${report.discoveryErrors.sort().join(', ')}`;
    note('NamespaceDeletionDiscoveryFailure', 'DiscoveryFailed', message);
  }
  if (report.contentErrors.length > 0) {
    const message = `Failed to delete all resource types, ${report.contentErrors.length} remaining: ${report.contentErrors.sort().join(', ')}`;
    note('NamespaceDeletionContentFailure', 'ContentDeletionFailed', message);
  }
  if (report.remaining.size > 0) {
    const parts = [...report.remaining].map(([resource, count]) => `${resource} has ${count} resource instances`);
    note(
      'NamespaceContentRemaining',
      'SomeResourcesRemain',
      `Some resources are remaining: ${parts.sort().join(', ')}`,
    );
  }
  if (report.finalizers.size > 0) {
    const parts = [...report.finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
    const message = `Some content in the namespace has finalizers remaining: ${parts.sort().join(', ')}`;
    note('NamespaceFinalizersRemaining', 'SomeFinalizersRemain', message);
  }
  let out = [...(conditions ?? [])];
  for (const [type, reason, message] of fine) {
    const found = trouble.get(type);
    out = setCondition(out, { type, status: found ? 'True' : 'False', ...(found ?? { reason, message }) }, now);
  }
  return out;
}
