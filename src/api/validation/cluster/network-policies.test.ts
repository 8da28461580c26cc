import { describe, expect, test } from 'vitest';
import { created, updated } from '../testing/cluster-errors.ts';

const policy = (more: object) => ({ spec: { podSelector: {}, ...more } });
const port = (more: object) => policy({ ingress: [{ ports: [more] }] });
const peer = (more: object) => policy({ egress: [{ to: [more] }] });
const ports = 'spec.ingress[0].ports[0]';
const to = 'spec.egress[0].to[0]';

test.each<[object, string]>([
  [policy({}), ''],
  [port({ port: 80, endPort: 90 }), ''],
  [port({ protocol: 'ICMP' }), `${ports}.protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"`],
  [port({ port: 0 }), `${ports}.port: Invalid value: 0: must be between 1 and 65535, inclusive`],
  [port({ port: 'a--b' }), `${ports}.port: Invalid value: "a--b": must not contain consecutive hyphens`],
  [port({ port: 80, endPort: 79 }), `${ports}.endPort: Invalid value: 79: must be greater than or equal to \`port\``],
  [
    port({ port: 'http', endPort: 79 }),
    `${ports}.endPort: Invalid value: 79: may not be specified when \`port\` is non-numeric`,
  ],
  [port({ endPort: 79 }), `${ports}.endPort: Invalid value: 79: may not be specified when \`port\` is not specified`],
  [peer({}), `${to}: Required value: must specify a peer`],
  [
    peer({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }),
    `${to}: Forbidden: may not specify both ipBlock and another peer`,
  ],
  [peer({ podSelector: {}, namespaceSelector: {} }), ''],
  [
    peer({ namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }),
    `${to}.namespaceSelector.matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
  ],
  [peer({ ipBlock: { cidr: '' } }), `${to}.ipBlock.cidr: Required value`],
  [
    peer({ ipBlock: { cidr: '10.0.0.1/8' } }),
    `${to}.ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length`,
  ],
  [peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }), ''],
  [
    peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8', '11.0.0.0/16', 'x'] } }),
    `[${to}.ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of \`cidr\`, ${to}.ipBlock.except[1]: Invalid value: "11.0.0.0/16": must be a strict subset of \`cidr\`, ${to}.ipBlock.except[2]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)]`,
  ],
  [
    policy({ policyTypes: ['Both'] }),
    'spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"',
  ],
  [
    policy({ policyTypes: ['Ingress', 'Egress', 'Ingress'] }),
    'spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes',
  ],
])('%j', (object, message) => expect(created('NetworkPolicy', object)).toBe(message));

describe('updates keep what was bad', () => {
  test('blocks', () => {
    const bad = peer({ ipBlock: { cidr: '10.0.0.1/8' } });
    expect(updated('NetworkPolicy', bad, policy({ ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.1/8' } }] }] }))).toBe(
      '',
    );
    expect(updated('NetworkPolicy', bad, peer({ ipBlock: { cidr: '10.0.0.2/8' } }))).toContain(
      'must not have bits set',
    );
  });
  test('selectors', () => {
    const bad = (value: string) =>
      policy({ podSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: [value] }] } });
    expect(updated('NetworkPolicy', bad('-'), bad('--'))).toBe('');
    expect(updated('NetworkPolicy', bad('b'), bad('-'))).toContain(
      'spec.podSelector.matchExpressions[0].values[0]: Invalid value: "-"',
    );
  });
});
