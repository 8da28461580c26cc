// Which node ports a Service gets (pkg/registry/core/service/storage/alloc.go and portallocator). A number has one owner, whatever its protocols.

import { invalid, path } from '../../api/field-error.ts';
import type { Service, ServicePort } from '../../api/generated/types.ts';
import { newInternalError, newInvalid } from '../../api/status.ts';
import { needsHealthCheck } from '../../api/validation/cluster/service-traffic.ts';
import { type Random, randomInt } from '../../env/random.ts';
import type { Take } from './service-addresses.ts';
import { allocatesNodePorts, needsNodePorts } from './service-fields.ts';

/** How a port is called where addresses and ports are told apart by their names. */
export const portName = (number: number): string => `port/${number}`;

export interface PortAllocation {
  service: Service;
  old: Service | undefined;
  /** Names of ports that have an owner. What is taken is added. */
  used: Set<string>;
  range: readonly [number, number];
  random: Random;
  take: Take;
}

class Ports {
  readonly #allocation: PortAllocation;

  constructor(allocation: PortAllocation) {
    this.#allocation = allocation;
  }

  /** Takes a number that was asked for; returns why it cannot be had. */
  async claim(number: number): Promise<string | undefined> {
    const { range, used, take } = this.#allocation;
    const [first, last] = range;
    if (number < first || number > last)
      return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
    if (used.has(portName(number)) || !(await take(portName(number)))) return 'provided port is already allocated';
    used.add(portName(number));
    return undefined;
  }

  /** Any free number: the lower part of the range, which people choose from, comes last (KEP-3668). */
  async next(): Promise<number | undefined> {
    const { range, used, random, take } = this.#allocation;
    const [first, last] = range;
    const count = last - first + 1;
    const lower = count < 16 ? 0 : Math.min(128, Math.max(16, Math.floor(count / 32)));
    const upper = count - lower;
    const start = upper > 0 ? randomInt(random, upper) : 0;
    for (let i = 0; i < count; i++) {
      const number = first + (i < upper ? lower + ((start + i) % upper) : i - upper);
      if (used.has(portName(number)) || !(await take(portName(number)))) continue;
      used.add(portName(number));
      return number;
    }
    return undefined;
  }

  async claimAt(index: number, number: number): Promise<void> {
    const why = await this.claim(number);
    if (why)
      throw newInvalid({ group: '', kind: 'Service' }, this.#allocation.service.metadata.name, [
        invalid(path('spec', 'ports').index(index).child('nodePort'), number, why),
      ]);
  }

  async nextOrFail(): Promise<number> {
    const number = await this.next();
    if (number === undefined) throw newInternalError('failed to allocate a nodePort: range is full');
    return number;
  }
}

/** Gives the Service its node ports and, if load balancers must ask for its health, a port for that. Throws Invalid and internal errors. */
export async function choosePorts(allocation: PortAllocation): Promise<void> {
  const { service, old } = allocation;
  const ports = new Ports(allocation);
  const list = service.spec.ports ?? [];
  if (needsNodePorts(service)) await (old ? changedPorts(ports, list, service, old) : newPorts(ports, list, service));
  if (needsHealthCheck(service) && !(old && needsHealthCheck(old))) await healthPort(ports, service);
}

/** Ports of one number and several protocols share a node port. */
async function newPorts(ports: Ports, list: readonly ServicePort[], service: Service): Promise<void> {
  const shared = new Map<number, number>();
  for (const [i, port] of list.entries()) {
    if (!port.nodePort && !allocatesNodePorts(service)) continue;
    const given = shared.get(port.port);
    if (given === undefined) {
      const wanted = list.find((each) => each.port === port.port && each.nodePort)?.nodePort;
      if (wanted) await ports.claimAt(i, wanted);
      port.nodePort = wanted ?? (await ports.nextOrFail());
      shared.set(port.port, port.nodePort);
    } else if (!port.nodePort) {
      port.nodePort = given;
    } else if (port.nodePort !== given) {
      await ports.claimAt(i, port.nodePort);
    }
  }
}

async function changedPorts(ports: Ports, list: readonly ServicePort[], service: Service, old: Service): Promise<void> {
  const own = new Set((old.spec.ports ?? []).map(({ nodePort }) => nodePort));
  for (const [i, port] of list.entries()) {
    if (!port.nodePort) {
      if (allocatesNodePorts(service)) port.nodePort = await ports.nextOrFail();
    } else if (!own.has(port.nodePort)) {
      await ports.claimAt(i, port.nodePort);
      own.add(port.nodePort);
    }
  }
}

async function healthPort(ports: Ports, { spec }: Service): Promise<void> {
  const wanted = spec.healthCheckNodePort;
  if (wanted) {
    const why = await ports.claim(wanted);
    if (why) throw newInternalError(`failed to allocate requested HealthCheck NodePort ${wanted}: ${why}`);
    return;
  }
  const number = await ports.next();
  if (number === undefined) throw newInternalError('failed to allocate a HealthCheck NodePort 0: range is full');
  spec.healthCheckNodePort = number;
}
