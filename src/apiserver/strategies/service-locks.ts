// Who holds a cluster IP or a node port: one key in the store for each, made only if it is not there, so that of several API servers one gets it.
//
// A cluster IP's key is its IPAddress object, as upstream's (pkg/registry/core/service/ipallocator/cidrallocator.go). A holder that died between taking and using
// leaves its key behind: after a while, if no Service has the address, whoever wants it takes it over by compare-and-swap.

import type { IPAddress, Service } from '../../api/generated/types.ts';
import { rfc3339 } from '../../env/clock.ts';
import { randomUuid } from '../../env/random.ts';
import type { KubeObject } from '../object.ts';
import type { RequestContext } from '../server/context.ts';
import type { Entry } from '../storage/entry.ts';
import type { Store } from '../storage/store.ts';

/** How long a key without a Service is left alone: its maker may be about to make the Service. */
const patience = 60_000;

const managedBy = 'ipaddress.kubernetes.io/managed-by';
const allocator = 'ipallocator.k8s.io';
/** Of addresses that an API server gives out. */
export const addressLabels = { 'ipaddress.kubernetes.io/ip-family': 'IPv4', [managedBy]: allocator } as const;
const addressKey = (ip: string) => `/registry/ipaddresses/${ip}`;
/** `port`: "port/30080". */
const portKey = (port: string) => `/registry/ranges/servicenodeports/${port.replace('/', '-')}`;

function addressObject(ip: string, { metadata }: Service, { env }: RequestContext): KubeObject {
  const object: IPAddress = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name: ip,
      uid: randomUuid(env.random),
      creationTimestamp: rfc3339(env.clock.now()),
      labels: { ...addressLabels },
    },
    spec: { parentRef: { group: '', resource: 'services', namespace: metadata.namespace ?? '', name: metadata.name } },
  };
  return object as unknown as KubeObject;
}

function portObject(port: string, service: Service, { env }: RequestContext): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'RangeAllocation',
    metadata: { name: port.replace('/', '-'), creationTimestamp: rfc3339(env.clock.now()) },
    range: port,
    data: `${service.metadata.namespace ?? ''}/${service.metadata.name}`,
  };
}

/** Made by an API server for a Service: what people reserve by hand is theirs. */
function isOurs({ metadata, spec }: KubeObject): boolean {
  const parent = (spec as IPAddress['spec'])?.parentRef;
  return metadata.labels?.[managedBy] === allocator && parent?.resource === 'services';
}

export class ServiceLocks {
  readonly #store: Store;
  /** Whether any Service has this address or port now, by a fresh read. */
  readonly #inUse: (what: string) => Promise<boolean>;

  constructor(store: Store, inUse: (what: string) => Promise<boolean>) {
    this.#store = store;
    this.#inUse = inUse;
  }

  /** Takes an address ("10.96.0.7") or port ("port/30080") for a Service. Undefined: somebody else has it. */
  async take(what: string, service: Service, context: RequestContext): Promise<Entry | undefined> {
    const isPort = what.includes('/');
    const key = isPort ? portKey(what) : addressKey(what);
    const object = isPort ? portObject(what, service, context) : addressObject(what, service, context);
    const made = await this.#store.create(key, object);
    if ('entry' in made) return made.entry;
    const left = made.conflict;
    if (!left) return undefined;
    const age = context.env.clock.now() - Date.parse(left.object.metadata.creationTimestamp ?? '');
    if (!(age > patience) || !(isPort || isOurs(left.object)) || (await this.#inUse(what))) return undefined;
    const taken = await this.#store.replace(left, object);
    return 'entry' in taken ? taken.entry : undefined;
  }

  /** Gives up what was taken but never used. Best effort: what stays behind is taken over in time. */
  giveUp(entry: Entry): void {
    this.#store.delete(entry).catch(() => {});
  }

  /** Frees what a Service that is gone held. */
  free(what: string): void {
    const key = what.includes('/') ? portKey(what) : addressKey(what);
    this.#store
      .getFromStore(key)
      .then((entry) => entry && this.#store.delete(entry))
      .catch(() => {});
  }
}
