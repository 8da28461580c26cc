// Which cluster IP a Service gets: from the server's own range or that of a ServiceCIDR (pkg/registry/core/service/ipallocator).

import { invalid, path } from '../../api/field-error.ts';
import type { Service, ServiceCIDR } from '../../api/generated/types.ts';
import { parseCidr } from '../../api/names.ts';
import { newInternalError, newInvalid } from '../../api/status.ts';
import { type Random, randomInt } from '../../env/random.ts';
import { addressAt, contains, type IpRange, ipRange } from '../registry/ip-range.ts';
import type { Store } from '../storage/store.ts';

/** Reserves an address or a port. False: somebody else has it. */
export type Take = (what: string) => Promise<boolean>;

/** Ranges of the ServiceCIDRs that are there to be used, after the server's own. */
export async function serviceRanges(store: Store, own: IpRange): Promise<IpRange[]> {
  const prefix = '/registry/servicecidrs/';
  const out = [own];
  for (const { object } of (await store.recent(prefix))?.list(prefix) ?? []) {
    const { metadata, spec, status } = object as unknown as ServiceCIDR;
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
    if (metadata?.deletionTimestamp || (ready !== undefined && ready !== 'True')) continue;
    for (const cidr of spec?.cidrs ?? []) {
      const block = parseCidr(cidr);
      if (block?.family !== 4 || block.bits > 30) continue;
      const range = ipRange(cidr);
      if (range.first !== own.first || range.size !== own.size) out.push(range);
    }
  }
  return out;
}

/** The address asked for, or one that is free. Throws Invalid, or an internal error when all ranges are full. */
export async function chooseAddress(
  service: Service,
  ranges: readonly IpRange[],
  used: ReadonlySet<string>,
  random: Random,
  take: Take,
): Promise<string> {
  const wanted = service.spec.clusterIPs?.[0];
  if (wanted) {
    const refuse = (why: string) =>
      newInvalid({ group: '', kind: 'Service' }, service.metadata.name, [
        invalid(path('spec', 'clusterIPs'), service.spec.clusterIPs, `failed to allocate IP ${wanted}: ${why}`),
      ]);
    if (!ranges.some((range) => contains(range, wanted)))
      throw refuse('the provided network does not match the current range');
    if (used.has(wanted) || !(await take(wanted))) throw refuse('provided IP is already allocated');
    return wanted;
  }
  for (const range of ranges) {
    const address = await nextFree(range, used, random, take);
    if (address) return address;
  }
  throw newInternalError('failed to allocate a serviceIP: range is full');
}

async function nextFree(
  range: IpRange,
  used: ReadonlySet<string>,
  random: Random,
  take: Take,
): Promise<string | undefined> {
  // The lower part of the range is for addresses that people choose (KEP-3070): it is used last.
  const band = Math.min(256, Math.max(16, Math.floor(range.size / 16)));
  const lower = range.size > 2 * band ? band : 0;
  const upper = range.size - lower;
  const start = randomInt(random, upper);
  for (let i = 0; i < range.size; i++) {
    const index = i < upper ? lower + ((start + i) % upper) : i - upper;
    const address = addressAt(range, index);
    if (!used.has(address) && (await take(address))) return address;
  }
  return undefined;
}
