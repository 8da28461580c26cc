// Services: cluster IPs and node ports are given out at creation and kept (pkg/registry/core/service/storage).
//
// Invariant: no two Services share a cluster IP or a node port, whichever API servers make them at the same moment. What seems free by the Services
// there are (the watch cache after a fresh read) is taken by a key of its own in the store (service-locks.ts) before it is used.

import type { Service } from '../../api/generated/types.ts';
import { newInternalError } from '../../api/status.ts';
import { needsHealthCheck } from '../../api/validation/cluster/service-traffic.ts';
import type { ApiServerConfig } from '../config.ts';
import { defaults } from '../config.ts';
import type { KubeObject } from '../object.ts';
import { ipRange } from '../registry/ip-range.ts';
import type { Strategy } from '../registry/strategy.ts';
import type { RequestContext } from '../server/context.ts';
import type { Entry } from '../storage/entry.ts';
import type { Store } from '../storage/store.ts';
import { serviceWarnings } from './network-warnings.ts';
import { chooseAddress, serviceRanges } from './service-addresses.ts';
import { initFamilies } from './service-families.ts';
import {
  dropTypeDependentFields,
  isHeadless,
  keepAllocated,
  needsClusterIp,
  needsNodePorts,
  normalizeClusterIps,
} from './service-fields.ts';
import { ServiceLocks } from './service-locks.ts';
import { choosePorts, portName } from './service-ports.ts';

const prefix = '/registry/services/specs/';
const asService = (object: KubeObject) => object as unknown as Service;

/** Addresses and names of ports that a Service has. */
function heldBy({ spec }: Service): Set<string> {
  const addresses = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
  const ports = [...(spec.ports ?? []).map(({ nodePort }) => nodePort), spec.healthCheckNodePort];
  return new Set([
    ...addresses.filter((ip) => ip !== 'None' && ip !== ''),
    ...ports.flatMap((number) => (number ? portName(number) : [])),
  ]);
}

export function serviceStrategy(store: Store, config: ApiServerConfig): Strategy {
  const ownRange = ipRange(config.serviceCidr ?? defaults.serviceCidr);
  const portRange = config.nodePortRange ?? defaults.nodePortRange;
  const locks = new ServiceLocks(store, async (what) => (await taken()).has(what));

  async function taken(): Promise<Set<string>> {
    const out = new Set<string>();
    const collection = await store.fresh(prefix);
    if (!collection) throw newInternalError('failed to allocate a serviceIP: the range is not known now');
    for (const entry of collection.list(prefix)) for (const what of heldBy(asService(entry.object))) out.add(what);
    return out;
  }

  async function allocate(object: KubeObject, old: Service | undefined, context: RequestContext): Promise<() => void> {
    const service = asService(object);
    const { spec } = service;
    const mine: Entry[] = [];
    const rollback = () => {
      for (const entry of mine.splice(0)) locks.giveUp(entry);
    };
    initFamilies(service, old);
    const wantsIp = needsClusterIp(service) && !isHeadless(service) && !(old && needsClusterIp(old));
    const wantsPorts = needsNodePorts(service) || needsHealthCheck(service);
    if (!wantsIp && !wantsPorts) return rollback;
    const dryRun = context.url.searchParams.getAll('dryRun').includes('All');
    const used = await taken();
    const take = async (what: string): Promise<boolean> => {
      if (dryRun) return true;
      const entry = await locks.take(what, service, context);
      if (entry) mine.push(entry);
      return entry !== undefined;
    };
    const { random } = context.env;
    try {
      if (wantsIp) {
        const ip = await chooseAddress(service, await serviceRanges(store, ownRange), used, random, take);
        spec.clusterIP = ip;
        spec.clusterIPs = [ip];
      }
      if (wantsPorts) await choosePorts({ service, old, used, range: portRange, random, take });
    } catch (error) {
      rollback();
      throw error;
    }
    return rollback;
  }

  return {
    returnDeletedObject: true,
    allowCreateOnUpdate: true,
    hasStatus: true,
    prepareForCreate(object) {
      const service = asService(object);
      service.status = { loadBalancer: {} };
      normalizeClusterIps(service, undefined);
    },
    prepareForUpdate(object, old) {
      const service = asService(object);
      const before = asService(old);
      keepAllocated(service, before);
      normalizeClusterIps(service, before);
      dropTypeDependentFields(service, before);
    },
    warnings: (object) => serviceWarnings(asService(object)),
    beginCreate: (object, context) => allocate(object, undefined, context),
    beginUpdate: (object, old, context) => allocate(object, asService(old), context),
    afterUpdate(object, old) {
      const kept = heldBy(asService(object));
      for (const what of heldBy(asService(old))) if (!kept.has(what)) locks.free(what);
    },
    afterDelete(object) {
      for (const what of heldBy(asService(object))) locks.free(what);
    },
  };
}
