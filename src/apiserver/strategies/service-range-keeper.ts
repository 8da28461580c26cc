// Keeps the ServiceCIDRs and the addresses given out of them (pkg/controller/servicecidrs, pkg/controlplane/controller/defaultservicecidr,
// pkg/registry/core/service/ipallocator/controller): the server's own range is always there; a range goes only when no Service needs it any more; an IPAddress
// that a Service has comes back when it was deleted.
//
// Invariant: it writes only what differs, so that several servers over one store come to rest.

import type { Condition, IPAddress, Service, ServiceCIDR } from '../../api/generated/types.ts';
import { cidrContains, parseCidrBlock, parseIp } from '../../api/ip.ts';
import { rfc3339 } from '../../env/clock.ts';
import { ensure, ownRange, updateOwn } from '../bootstrap.ts';
import { keep } from '../registry/keeper.ts';
import type { Core } from '../server/core.ts';
import { addressLabels } from './service-locks.ts';

const group = 'networking.k8s.io';
const finalizer = 'networking.k8s.io/service-cidr-finalizer';
const prefixes = {
  ranges: '/registry/servicecidrs/',
  addresses: '/registry/ipaddresses/',
  services: '/registry/services/specs/',
};
/** Milliseconds that losses of addresses are gathered for. */
const delay = 1_000;

/** Follows the objects until stopped. */
export function keepServiceRanges(core: Core): { stop(): void } {
  const { cache } = core.store;
  let addresses = 0;
  let losses = 0;
  const stamp = () => {
    const now = cache.collection(prefixes.addresses).entries.size;
    if (now < addresses) losses++;
    addresses = now;
    return `${cache.collection(prefixes.ranges).changes} ${losses}`;
  };
  return keep(core, { stamp, settle: () => settle(core), delay });
}

async function settle(core: Core): Promise<void> {
  const all = <T>(prefix: string): T[] =>
    core.store.cache
      .collection(prefix)
      .list(prefix)
      .map(({ object }) => object as unknown as T);
  await ownRange(core);
  await restoreAddresses(core, all<Service>(prefixes.services));
  const ranges = all<ServiceCIDR>(prefixes.ranges);
  for (const range of ranges)
    await (range.metadata?.deletionTimestamp
      ? endRange(core, range, ranges, all<IPAddress>(prefixes.addresses))
      : readyRange(core, range));
}

async function restoreAddresses(core: Core, services: readonly Service[]): Promise<void> {
  const { entries } = core.store.cache.collection(prefixes.addresses);
  for (const { metadata, spec } of services)
    for (const ip of spec.clusterIPs ?? [])
      if (ip !== 'None' && !entries.has(prefixes.addresses + ip))
        await ensure(core, group, 'ipaddresses', {
          apiVersion: `${group}/v1`,
          kind: 'IPAddress',
          metadata: { name: ip, labels: { ...addressLabels } },
          spec: {
            parentRef: { group: '', resource: 'services', namespace: metadata?.namespace, name: metadata?.name },
          },
        });
}

const change = (core: Core, range: ServiceCIDR, what: 'status' | 'finalizer', how: (it: ServiceCIDR) => void) =>
  updateOwn<ServiceCIDR>(core, group, 'servicecidrs', range.metadata?.name ?? '', what, how);

async function tell(
  core: Core,
  range: ServiceCIDR,
  ready: Omit<Condition, 'lastTransitionTime' | 'type'>,
): Promise<void> {
  const before = range.status?.conditions?.find(({ type }) => type === 'Ready');
  if (before?.status === ready.status && (before.reason ?? '') === ready.reason) return;
  const condition = { type: 'Ready', ...ready, lastTransitionTime: rfc3339(core.env.clock.now()) };
  await change(core, range, 'status', (it) => {
    it.status = { conditions: [condition] };
  });
}

async function readyRange(core: Core, range: ServiceCIDR): Promise<void> {
  const { finalizers = [] } = range.metadata ?? {};
  if (!finalizers.includes(finalizer))
    await change(core, range, 'finalizer', ({ metadata }) => {
      if (metadata)
        metadata.finalizers = [...(metadata.finalizers ?? []).filter((each) => each !== finalizer), finalizer];
    });
  await tell(core, range, { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' });
}

/** Lets a range go that is being deleted, unless addresses are in use that no other range has. */
async function endRange(
  core: Core,
  range: ServiceCIDR,
  ranges: readonly ServiceCIDR[],
  addresses: readonly IPAddress[],
): Promise<void> {
  if (!range.metadata?.finalizers?.includes(finalizer)) return;
  const blocksOf = ({ spec }: ServiceCIDR) => (spec?.cidrs ?? []).flatMap((cidr) => parseCidrBlock(cidr) ?? []);
  const own = blocksOf(range);
  const others = ranges.filter((each) => each !== range && !each.metadata?.deletionTimestamp).flatMap(blocksOf);
  const orphans = addresses.some(({ metadata }) => {
    const ip = parseIp(metadata?.name ?? '');
    const managed = Object.entries(addressLabels).every(([label, value]) => metadata?.labels?.[label] === value);
    return (
      ip && managed && own.some((each) => cidrContains(each, ip)) && !others.some((each) => cidrContains(each, ip))
    );
  });
  if (orphans)
    await tell(core, range, {
      status: 'False',
      reason: 'Terminating',
      message:
        'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
    });
  else
    await change(core, range, 'finalizer', ({ metadata }) => {
      if (metadata) metadata.finalizers = (metadata.finalizers ?? []).filter((each) => each !== finalizer);
    });
}
