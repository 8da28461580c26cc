// All containers of a pod, with their places (pkg/apis/core/pods: VisitContainersWithPath).

import type { FieldPath } from '../../field-error.ts';
import type { Container, PodSpec } from '../../generated/types.ts';

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** Init containers, then regular, then ephemeral ones; `where` makes the path of the container. */
export function visitContainers(
  spec: PodSpec,
  at: FieldPath,
  visit: (container: Container, where: () => FieldPath, list: (typeof lists)[number]) => void,
): void {
  for (const list of lists) {
    const containers = spec[list];
    if (!containers) continue;
    for (const [i, container] of containers.entries())
      visit(container as Container, () => at.child(list).index(i), list);
  }
}
