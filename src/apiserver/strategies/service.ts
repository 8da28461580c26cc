// Services: cluster IPs and node ports are given out at creation and kept (pkg/registry/core/service/storage).
//
// Invariant: no two Services share a cluster IP or a node port and protocol, whichever API servers make them at the same moment. What seems free by the Services
// there are (the watch cache after a fresh read) is taken by a key of its own in the store (service-locks.ts) before it is used.

import { type FieldErrorList, invalid, path } from '../../api/field-error.ts';
import type { Service, ServicePort } from '../../api/generated/types.ts';
import { newInternalError, newInvalid } from '../../api/status.ts';
import { randomInt } from '../../env/random.ts';
import type { ApiServerConfig } from '../config.ts';
import { defaults } from '../config.ts';
import type { KubeObject } from '../object.ts';
import { addressAt, contains, type IpRange, ipRange } from '../registry/ip-range.ts';
import type { Strategy } from '../registry/strategy.ts';
import type { RequestContext } from '../server/context.ts';
import type { Entry } from '../storage/entry.ts';
import type { Store } from '../storage/store.ts';
import { ServiceLocks } from './service-locks.ts';

const prefix = '/registry/services/specs/';
const asService = (object: KubeObject) => object as unknown as Service;
const needsIp = ({ spec }: Service) => spec.type !== 'ExternalName' && spec.clusterIP !== 'None';
const needsNodePorts = ({ spec }: Service) =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
const portKey = (port: ServicePort) => `${port.protocol ?? 'TCP'}/${port.nodePort}`;

/** Addresses and ports ("TCP/30080") that a Service has. */
function heldBy({ spec }: Service): string[] {
  const addresses = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
  const ports = (spec.ports ?? []).filter(({ nodePort }) => nodePort).map(portKey);
  const health = spec.healthCheckNodePort ? [`TCP/${spec.healthCheckNodePort}`] : [];
  return [...addresses.filter((ip) => ip !== 'None' && ip !== ''), ...ports, ...health];
}

type Take = (what: string) => Promise<boolean>;

interface Taken {
  addresses: Set<string>;
  ports: Set<string>;
}

export function serviceStrategy(store: Store, config: ApiServerConfig): Strategy {
  const range = ipRange(config.serviceCidr ?? defaults.serviceCidr);
  const [firstPort, lastPort] = config.nodePortRange ?? defaults.nodePortRange;
  const locks = new ServiceLocks(store, async (what) => {
    const { addresses, ports } = await taken();
    return addresses.has(what) || ports.has(what);
  });

  async function taken(): Promise<Taken> {
    const out: Taken = { addresses: new Set(), ports: new Set() };
    const collection = await store.fresh(prefix);
    if (!collection) throw newInternalError('failed to allocate a serviceIP: the range is not known now');
    for (const entry of collection.list(prefix))
      for (const what of heldBy(asService(entry.object))) (what.includes('/') ? out.ports : out.addresses).add(what);
    return out;
  }

  async function allocate(object: KubeObject, old: Service | undefined, context: RequestContext): Promise<() => void> {
    const service = asService(object);
    const { spec } = service;
    const mine: Entry[] = [];
    const rollback = () => {
      for (const entry of mine.splice(0)) locks.giveUp(entry);
    };
    const wantsIp =
      needsIp(service) && (old === undefined || !old.spec.clusterIP || spec.clusterIP !== old.spec.clusterIP);
    const wantsPorts = needsNodePorts(service);
    if (!wantsIp && !wantsPorts) return rollback;
    const dryRun = context.url.searchParams.getAll('dryRun').includes('All');
    const used = await taken();
    const take = async (what: string): Promise<boolean> => {
      if (dryRun) return true;
      const entry = await locks.take(what, service, context);
      if (entry) mine.push(entry);
      return entry !== undefined;
    };
    try {
      if (wantsIp) {
        const ip = await chooseIp(spec.clusterIP ?? '', range, used.addresses, service, context, take);
        spec.clusterIP = ip;
        spec.clusterIPs = [ip];
      }
      if (wantsPorts) await choosePorts(service, old, used.ports, [firstPort, lastPort], context, take);
    } catch (error) {
      rollback();
      throw error;
    }
    return rollback;
  }

  return {
    returnDeletedObject: true,
    hasStatus: true,
    prepareForCreate(object) {
      const service = asService(object);
      service.status = { loadBalancer: {} };
      normalise(service, undefined);
    },
    prepareForUpdate(object, old) {
      const service = asService(object);
      const before = asService(old);
      if (needsIp(service) && needsIp(before)) {
        service.spec.clusterIP ||= before.spec.clusterIP as string;
        if (service.spec.clusterIP === before.spec.clusterIP)
          service.spec.clusterIPs = before.spec.clusterIPs as string[];
      }
      for (const port of service.spec.ports ?? []) {
        if (port.nodePort || !needsNodePorts(service)) continue;
        const same = before.spec.ports?.find(
          ({ port: number, protocol }) => number === port.port && protocol === port.protocol,
        );
        if (same?.nodePort) port.nodePort = same.nodePort;
      }
      if (!needsNodePorts(service) && needsNodePorts(before)) {
        for (const port of service.spec.ports ?? []) {
          if (before.spec.ports?.some((each) => each.nodePort === port.nodePort)) delete port.nodePort;
        }
      }
      if (service.spec.type === 'ExternalName' && before.spec.type !== 'ExternalName') {
        delete service.spec.clusterIP;
        delete service.spec.clusterIPs;
      }
      normalise(service, before);
    },
    validateUpdate(object, old) {
      const service = asService(object);
      const before = asService(old);
      const errors: FieldErrorList = [];
      if (
        needsIp(service) &&
        before.spec.clusterIP &&
        before.spec.type !== 'ExternalName' &&
        service.spec.clusterIP !== before.spec.clusterIP
      ) {
        const at = path('spec');
        errors.push(invalid(at.child('clusterIPs').index(0), service.spec.clusterIP, 'may not change once set'));
      }
      return errors;
    },
    beginCreate: (object, context) => allocate(object, undefined, context),
    beginUpdate: (object, old, context) => allocate(object, asService(old), context),
    afterUpdate(object, old) {
      const kept = new Set(heldBy(asService(object)));
      for (const what of heldBy(asService(old))) if (!kept.has(what)) locks.free(what);
    },
    afterDelete(object) {
      for (const what of heldBy(asService(object))) locks.free(what);
    },
  };
}

/** Defaults that follow from the type: policies, families. */
function normalise(service: Service, before: Service | undefined): void {
  const { spec } = service;
  spec.type ??= 'ClusterIP';
  spec.sessionAffinity ??= 'None';
  if (spec.type === 'ExternalName') return;
  if (spec.clusterIP === 'None') spec.clusterIPs = ['None'];
  if (spec.clusterIP && !spec.clusterIPs) spec.clusterIPs = [spec.clusterIP];
  if (!spec.clusterIP && spec.clusterIPs?.[0]) spec.clusterIP = spec.clusterIPs[0];
  spec.ipFamilies ??= before?.spec.ipFamilies ?? ['IPv4'];
  spec.ipFamilyPolicy ??= before?.spec.ipFamilyPolicy ?? 'SingleStack';
  spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') spec.externalTrafficPolicy ??= 'Cluster';
  else delete spec.externalTrafficPolicy;
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true;
  else delete spec.allocateLoadBalancerNodePorts;
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP';
    if (port.targetPort === undefined || port.targetPort === '' || port.targetPort === 0) port.targetPort = port.port;
  }
}

async function chooseIp(
  wanted: string,
  range: IpRange,
  used: Set<string>,
  service: Service,
  context: RequestContext,
  take: Take,
): Promise<string> {
  const refuse = (detail: string) =>
    newInvalid({ group: '', kind: 'Service' }, service.metadata.name, [
      invalid(path('spec', 'clusterIPs'), [wanted], `failed to allocate IP ${wanted}: ${detail}`),
    ]);
  if (wanted !== '') {
    if (!contains(range, wanted)) throw refuse('the provided IP is not in the valid range');
    if (used.has(wanted) || !(await take(wanted))) throw refuse('provided IP is already allocated');
    return wanted;
  }
  if (used.size >= range.size) throw newInternalError('failed to allocate a serviceIP: range is full');
  // The lower part of the range is for addresses that people choose (KEP-3070): it is used last.
  const band = Math.min(256, Math.max(16, Math.floor(range.size / 16)));
  const lower = range.size > 2 * band ? band : 0;
  const start = lower + randomInt(context.env.random, range.size - lower);
  for (let i = 0; i < range.size; i++) {
    const upper = range.size - lower;
    const index = i < upper ? lower + ((start - lower + i) % upper) : i - upper;
    const address = addressAt(range, index);
    if (!used.has(address) && (await take(address))) return address;
  }
  throw newInternalError('failed to allocate a serviceIP: range is full');
}

async function choosePorts(
  service: Service,
  old: Service | undefined,
  used: Set<string>,
  [first, last]: [number, number],
  context: RequestContext,
  take: Take,
): Promise<void> {
  const own = new Set((old?.spec.ports ?? []).filter(({ nodePort }) => nodePort).map(portKey));
  for (const [i, port] of (service.spec.ports ?? []).entries()) {
    const at = path('spec', 'ports').index(i).child('nodePort');
    const refuse = (detail: string) =>
      newInvalid({ group: '', kind: 'Service' }, service.metadata.name, [invalid(at, port.nodePort, detail)]);
    if (port.nodePort) {
      const key = portKey(port);
      if (own.has(key)) continue;
      if (port.nodePort < first || port.nodePort > last)
        throw refuse(`provided port is not in the valid range. The range of valid ports is ${first}-${last}`);
      if (used.has(key) || !(await take(key))) throw refuse('provided port is already allocated');
      used.add(key);
    } else {
      const count = last - first + 1;
      const start = randomInt(context.env.random, count);
      for (let step = 0; step < count && !port.nodePort; step++) {
        const number = first + ((start + step) % count);
        const key = `${port.protocol ?? 'TCP'}/${number}`;
        if (used.has(key) || !(await take(key))) continue;
        port.nodePort = number;
        used.add(key);
      }
      if (!port.nodePort) throw newInternalError('failed to allocate a nodePort: range is full');
    }
  }
}
