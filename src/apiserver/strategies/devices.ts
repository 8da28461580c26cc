// Dynamic resource allocation (pkg/registry/resource).

import type { ResourceV1ResourceClaim as ResourceClaim, ResourceSlice } from '../../api/generated/types.ts';
import { rfc3339 } from '../../env/clock.ts';
import type { KubeObject } from '../object.ts';
import type { Strategy } from '../registry/strategy.ts';
import type { RequestContext } from '../server/context.ts';

type Device = { driver: string; pool: string; device: string };
const idOf = ({ driver, pool, device }: Device) => `${driver}/${pool}/${device}`;
const allocated = ({ status }: ResourceClaim) => new Set((status?.allocation?.devices?.results ?? []).map(idOf));

/** What drivers said of devices goes when the claim has them no longer. */
function dropDeallocated(object: KubeObject, old: KubeObject): void {
  const claim = object as unknown as ResourceClaim;
  const [before, now] = [allocated(old as unknown as ResourceClaim), allocated(claim)];
  if (!claim.status?.devices) return;
  claim.status.devices = claim.status.devices.filter((each) => !before.has(idOf(each)) || now.has(idOf(each)));
  if (claim.status.devices.length === 0) delete claim.status.devices;
}

const ownedByMain = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const;

/** Leaves metadata to the main endpoint (metav1.ResetObjectMetaForStatus). */
function keepMetadata({ metadata }: KubeObject, old: KubeObject): void {
  for (const field of ownedByMain) {
    delete metadata[field];
    Object.assign(metadata, old.metadata[field] && { [field]: old.metadata[field] });
  }
}

function stampTaints(object: KubeObject, context: RequestContext): void {
  for (const { taints } of (object as unknown as ResourceSlice).spec?.devices ?? [])
    for (const taint of taints ?? []) taint.timeAdded ??= rfc3339(context.env.clock.now());
}

/** By "plural.group". */
export const deviceStrategies: Record<string, Strategy> = {
  'deviceclasses.resource.k8s.io': { returnDeletedObject: true, generation: true },
  'resourceclaims.resource.k8s.io': {
    returnDeletedObject: true,
    prepareStatusUpdate(object, old) {
      keepMetadata(object, old);
      dropDeallocated(object, old);
    },
  },
  'resourceclaimtemplates.resource.k8s.io': { returnDeletedObject: true },
  'resourceslices.resource.k8s.io': {
    returnDeletedObject: true,
    generation: true,
    prepareForCreate: stampTaints,
    prepareForUpdate: (object, _, context) => stampTaints(object, context),
  },
};
