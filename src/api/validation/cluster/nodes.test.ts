import { describe, expect, test } from 'vitest';
import { created, statusUpdated, updated } from '../testing/cluster-errors.ts';
import { validateNamespaceFinalize } from './namespaces.ts';

describe('nodes', () => {
  test.each<[object, string]>([
    [{ spec: { taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }], podCIDRs: ['10.0.0.0/24'] } }, ''],
    [
      { spec: { taints: [{ key: 'a', value: '-', effect: '' }] } },
      expect.stringMatching(
        /^\[metadata.taints\[0\].value: Invalid value: "-": a valid label must be .*, metadata.taints\[0\].effect: Required value\]$/,
      ),
    ],
    [
      { spec: { taints: [{ key: 'a', effect: 'Never' }] } },
      'metadata.taints[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    ],
    [
      {
        spec: {
          taints: [
            { key: 'a', value: 'b', effect: 'NoExecute' },
            { key: 'a', value: 'c', effect: 'NoExecute' },
          ],
        },
      },
      'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"c","Effect":"NoExecute","TimeAdded":null}: taints must be unique by key and effect pair',
    ],
    [
      { spec: { podCIDRs: ['10.0.0.1/24'] } },
      'spec.podCIDRs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length',
    ],
    [{ spec: { podCIDRs: ['10.0.0.0/24', 'fd00::/64'] } }, ''],
    [
      { spec: { podCIDRs: ['10.0.0.0/24', '10.0.0.0/24'] } },
      '[spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.0.0/24"]: may specify no more than one CIDR for each IP family, spec.podCIDRs[1]: Duplicate value: "10.0.0.0/24"]',
    ],
    [
      { status: { capacity: { cpu: '-1', pods: '1500m', 'a.io/gpu': '500m' } } },
      expect.stringMatching(
        /^\[status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0, status.capacity.pods: Invalid value: "1500m": must be an integer, status.capacity.a.io\/gpu: Invalid value: "500m": must be an integer, status.allocatable.cpu/,
      ),
    ],
  ])('%j', (node, message) => expect(created('Node', node)).toEqual(message));

  const cidr = 'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid';
  test.each<[object, object, string]>([
    [{}, { podCIDRs: ['10.0.0.0/24'], providerID: 'p' }, ''],
    [{ podCIDRs: ['10.0.0.0/24'] }, { podCIDRs: ['10.0.1.0/24'] }, cidr],
    [{ podCIDRs: ['10.0.0.0/24'] }, {}, cidr],
    [
      { providerID: 'p' },
      { providerID: 'q' },
      'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
    ],
    [{ externalID: 'p' }, {}, 'spec.externalID: Forbidden: may not be updated'],
  ])('%j, then %j', (before, after, message) => {
    expect(updated('Node', { spec: before }, { spec: after })).toBe(message);
  });

  test('their status', () => {
    const address = { type: 'InternalIP', address: '10.0.0.1' };
    expect(statusUpdated('Node', {}, { status: { addresses: [address, { ...address, type: 'ExternalIP' }] } })).toBe(
      '',
    );
    expect(statusUpdated('Node', {}, { status: { addresses: [address, address] } })).toBe(
      'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}',
    );
    expect(statusUpdated('Node', {}, { status: { allocatable: { memory: '-1' } } })).toBe(
      'status.allocatable.memory: Invalid value: "-1": must be greater than or equal to 0',
    );
  });
});

describe('namespaces', () => {
  const unknown = (at: string) =>
    `${at}: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified`;
  test('finalizers', () => {
    expect(created('Namespace', { spec: { finalizers: ['kubernetes', 'a.io/b'] } })).toBe('');
    expect(created('Namespace', { spec: { finalizers: ['x'] } })).toBe(unknown('spec.finalizers'));
    const finalized = validateNamespaceFinalize({ spec: { finalizers: ['x'] } } as never);
    expect(finalized.map(({ field, value, detail }) => `${field}: Invalid value: "${value}": ${detail}`)).toEqual([
      unknown('spec.finalizers[0]'),
    ]);
  });
  test('their phase follows from deletion', () => {
    const deleted = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(statusUpdated('Namespace', {}, { status: { phase: 'Active' } })).toBe('');
    expect(statusUpdated('Namespace', {}, { status: { phase: 'Terminating' } })).toBe(
      `status.Phase: Invalid value: "Terminating": may only be 'Active' if \`deletionTimestamp\` is empty`,
    );
    expect(statusUpdated('Namespace', deleted, { ...deleted, status: { phase: 'Active' } })).toBe(
      `status.Phase: Invalid value: "Active": may only be 'Terminating' if \`deletionTimestamp\` is not empty`,
    );
  });
});
