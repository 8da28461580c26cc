// Pod addresses out of a node's range, handed out in turn as the host-local CNI plugin does: .0 is the network, .1 the bridge, the last the broadcast.

import { RuntimeError } from '../runtime.ts';

export class AddressPool {
  private readonly base: number;
  private readonly size: number;
  private next = 2;
  private readonly used = new Set<number>();

  /** `cidr`: "10.244.1.0/24". */
  constructor(cidr: string) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
    if (!match) throw new RuntimeError('InvalidArgument', `invalid CIDR address: ${cidr}`);
    const [a, b, c, d, bits] = match.slice(1).map(Number) as [number, number, number, number, number];
    this.size = 2 ** (32 - bits);
    this.base = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / this.size) * this.size;
  }

  allocate(): string {
    for (let tried = 0; tried < this.size; tried++) {
      const candidate = this.next;
      this.next = this.next + 1 < this.size - 1 ? this.next + 1 : 2;
      if (candidate < 2 || candidate >= this.size - 1 || this.used.has(candidate)) continue;
      this.used.add(candidate);
      const n = this.base + candidate;
      return [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.');
    }
    throw new RuntimeError('Unavailable', 'failed to allocate for range 0: no IP addresses available in range set');
  }

  release(ip: string): void {
    const n = ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    this.used.delete(n - this.base);
  }
}
