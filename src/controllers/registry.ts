// Every controller of the manager, by upstream's name. Upstream: cmd/kube-controller-manager/names and app/controllermanager.go NewControllerDescriptors.

import { initDeploymentController } from './deployment/deployment-controller.ts';
import { initReplicaSetController } from './replicaset/replicaset-controller.ts';
import { initReplicationController } from './replicationcontroller/replicationcontroller-controller.ts';
import type { InitController } from './shared/context.ts';

export const controllers: Readonly<Record<string, InitController>> = {
  'deployment-controller': initDeploymentController,
  'replicaset-controller': initReplicaSetController,
  'replicationcontroller-controller': initReplicationController,
};

/**
 * The names that a --controllers list switches on: "*" is all, "name" that one, "-name" not that one; a name said either way wins over "*".
 * Throws for a name that is not known.
 */
export function enabledControllers(list: readonly string[]): string[] {
  for (const entry of list) {
    const name = entry.replace(/^-/, '');
    if (name !== '*' && !Object.hasOwn(controllers, name)) {
      throw new Error(`"${name}" is not in the list of known controllers`);
    }
  }
  const all = list.includes('*');
  return Object.keys(controllers).filter((name) => !list.includes(`-${name}`) && (all || list.includes(name)));
}
