import { expect, test } from 'vitest';
import { decodeTyped } from '../../decode.ts';
import { setDefaults } from '../../defaulting/index.ts';
import { renderErrors } from '../../field-error.ts';
import type { ResourceV1ResourceClaim as ResourceClaim } from '../../generated/types.ts';
import { validateCreate, validateStatusUpdate, validateUpdate } from '../index.ts';

type Loaded = { metadata: { name: string } };
const namespaced = (type: string) => type !== 'DeviceClass' && type !== 'ResourceSlice';

function load<T extends Loaded>(type: string, value: object): T {
  const metadata = {
    name: 'x',
    uid: 'u',
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...(namespaced(type) && { namespace: 'n' }),
  };
  const { object } = decodeTyped<T>(type, { metadata, ...value });
  setDefaults(type, object);
  return object;
}

const errorsOf = (type: string, value: object) =>
  renderErrors(validateCreate(type, load(type, value), namespaced(type)));
const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

const Claim = 'ResourceV1ResourceClaim';
const exactly = { deviceClassName: 'gpu' };
const claim = (...requests: object[]) => ({ spec: { devices: { requests } } });
const asking = (more: object) => claim({ name: 'r', exactly: { ...exactly, ...more } });
const requested = 'spec.devices.requests[0]';
const unknownRequest =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
const constrained = (constraint: object) => ({
  spec: { devices: { requests: [{ name: 'r', exactly }], constraints: [constraint] } },
});

test.each<[object, string]>([
  [claim({ name: 'r', exactly }), '[]'],
  [claim({ name: 'r' }), `${requested}: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`],
  [
    claim({ name: 'r', exactly, firstAvailable: [{ name: 's', ...exactly }] }),
    `${requested}: Invalid value: null: exactly one of \`exactly\` or \`firstAvailable\` is required, but multiple fields are set`,
  ],
  [claim({ name: 'r', exactly }, { name: 'r', exactly }), 'spec.devices.requests[1]: Duplicate value: "r"'],
  [asking({ deviceClassName: '' }), `${requested}.exactly.deviceClassName: Required value`],
  [
    asking({ allocationMode: 'Some' }),
    `${requested}.exactly.allocationMode: Unsupported value: "Some": supported values: "All", "ExactCount"`,
  ],
  [
    asking({ allocationMode: 'All', count: 2 }),
    `${requested}.exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`,
  ],
  [asking({ count: -1 }), `${requested}.exactly.count: Invalid value: -1: must be greater than zero`],
  [asking({ selectors: [{}] }), `${requested}.exactly.selectors[0].cel: Required value`],
  [
    asking({ selectors: many(33, () => ({ cel: { expression: 'true' } })) }),
    `${requested}.exactly.selectors: Too many: 33: must have at most 32 items`,
  ],
  [
    asking({ tolerations: [{ operator: 'Exists', value: 'v', effect: 'Never' }] }),
    `[${requested}.exactly.tolerations[0].value: Invalid value: "v": must be empty for operator \`Exists\`, ${requested}.exactly.tolerations[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"]`,
  ],
  [constrained({ matchAttribute: 'a.example/b', requests: ['r'] }), '[]'],
  [
    constrained({ matchAttribute: 'b', requests: ['other'] }),
    `[spec.devices.constraints[0].requests[0]: Invalid value: "other": ${unknownRequest}, spec.devices.constraints[0].matchAttribute: Invalid value: "b": a fully qualified name must be a domain and a name separated by a slash]`,
  ],
  [
    { spec: { devices: { config: [{ opaque: { driver: 'd', parameters: [1] } }, {}] } } },
    '[spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object, spec.devices.config[1].opaque: Required value]',
  ],
])('claim %j', (value, errors) => {
  expect(errorsOf(Claim, value)).toBe(errors);
});

test('a request asks for one device, a toleration for equal values', () => {
  const { spec } = load<ResourceClaim>(Claim, asking({ tolerations: [{ key: 'k' }] }));
  expect(spec.devices?.requests?.[0]?.exactly).toMatchObject({
    allocationMode: 'ExactCount',
    count: 1,
    tolerations: [{ key: 'k', operator: 'Equal' }],
  });
});

test('what a claim or a template asks for stays', () => {
  for (const [type, make] of [
    [Claim, (spec: object) => spec],
    ['ResourceClaimTemplate', ({ spec }: { spec?: object }) => ({ spec: { spec } })],
  ] as const) {
    const before = load(type, make(claim({ name: 'r', exactly })));
    const after = load(type, make(claim({ name: 's', exactly })));
    expect(validateUpdate(type, before, before, true)).toEqual([]);
    expect(renderErrors(validateUpdate(type, after, before, true))).toMatch(
      /^spec: Invalid value: .*: field is immutable$/,
    );
  }
});

const result = { request: 'r', driver: 'd.example', pool: 'p', device: 'gpu-0' };
const { request: _, ...device } = result;
const consumer = { resource: 'pods', name: 'p', uid: '1' };
const allocation = { devices: { results: [result] } };

test.each<[object, string]>([
  [{ allocation, reservedFor: [consumer], devices: [device] }, '[]'],
  [
    { reservedFor: [consumer, { ...consumer, name: '' }] },
    '[status.reservedFor[1].name: Required value, status.reservedFor[1]: Duplicate value: "1", status.reservedFor: Forbidden: may not be specified when `allocated` is not set]',
  ],
  [
    { allocation: { devices: { results: [{ ...result, request: 'x', pool: '' }] } } },
    `[status.allocation.devices.results[0].request: Invalid value: "x": ${unknownRequest}, status.allocation.devices.results[0].pool: Required value]`,
  ],
  [
    { allocation: { devices: { results: [{ ...result, shareID: 'x', bindingConditions: ['a'] }] } } },
    '[status.allocation.devices.results[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions, status.allocation.devices.results[0].shareID: Invalid value: "x": error validating uid: invalid UUID length: 1]',
  ],
  [
    { allocation: { ...allocation, nodeSelector: {} } },
    'status.allocation.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
  ],
  [
    { allocation, devices: [{ ...device, networkData: { ips: ['10.0.0.1/24', '10.0.0.1', '2001:DB8::1/64'] } }] },
    '[status.devices[0].networkData.ips[1]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64), status.devices[0].networkData.ips[2]: Invalid value: "2001:DB8::1/64": must be in canonical form ("2001:db8::1/64")]',
  ],
  [
    { devices: [device] },
    'status.devices[0]: Invalid value: "d.example/p/gpu-0": must be an allocated device in the claim',
  ],
])('status %j', (status, errors) => {
  const old = load(Claim, claim({ name: 'r', exactly }));
  expect(renderErrors(validateStatusUpdate(Claim, { ...old, status } as Loaded, old, true))).toBe(errors);
});

test('an allocation stays, and nobody comes to a claim that is going', () => {
  const old = load<ResourceClaim>(Claim, { ...claim({ name: 'r', exactly }), status: { allocation } });
  const status = (next: object, deletionTimestamp?: string) => {
    const metadata = { ...old.metadata, ...(deletionTimestamp && { deletionTimestamp }) };
    const before = { ...old, metadata };
    return renderErrors(validateStatusUpdate(Claim, { ...before, status: next } as ResourceClaim, before, true));
  };
  expect(status({ allocation: { devices: {} } })).toMatch(
    /^status\.allocation: Invalid value: .*: field is immutable$/,
  );
  expect(status({})).toBe('[]');
  expect(status({ allocation, reservedFor: [consumer] }, '2026-01-01T00:00:00Z')).toBe(
    'status.reservedFor: Forbidden: new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set',
  );
});

test('device classes: what was there before is let be', () => {
  const long = { selectors: [{ cel: { expression: 'x'.repeat(10_241) } }] };
  expect(errorsOf('DeviceClass', { spec: long })).toBe(
    'spec.selectors[0].cel.expression: Too long: may not be more than 10240 bytes',
  );
  expect(errorsOf('DeviceClass', { spec: { extendedResourceName: 'cpu' } })).toBe(
    'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name',
  );
  const object = load('DeviceClass', { spec: long });
  expect(validateUpdate('DeviceClass', object, object, false)).toEqual([]);
});

const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };
const slice = (more: object) => ({ spec: { driver: 'd.example', pool, allNodes: true, ...more } });
const holding = (more: object) => slice({ devices: [{ name: 'd', ...more }] });
const held = 'spec.devices[0]';
const nodesMessage = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
const shared = (requestPolicy: object) =>
  holding({ allowMultipleAllocations: true, capacity: { memory: { value: '10Gi', requestPolicy } } });
const policyPath = `${held}.capacity[memory].requestPolicy`;

test.each<[object, string]>([
  [slice({}), '[]'],
  [
    slice({ pool: { name: '', generation: -1, resourceSliceCount: 0 } }),
    '[spec.pool.name: Required value, spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero, spec.pool.generation: Invalid value: -1: must be greater than or equal to zero]',
  ],
  [
    slice({ allNodes: false }),
    `[spec.allNodes: Invalid value: false: must be either unset or set to true, spec: Required value: ${nodesMessage}]`,
  ],
  [
    slice({ nodeName: 'n' }),
    `spec: Invalid value: "{\`nodeName\`, \`allNodes\`}": ${nodesMessage}, but multiple fields are set`,
  ],
  [
    slice({ devices: many(129, (i) => ({ name: `d${i}` })) }),
    'spec.devices: Too many: 129: must have at most 128 items',
  ],
  [
    slice({ devices: many(65, (i) => ({ name: `d${i}`, taints: [{ key: 'k', effect: 'None' }] })) }),
    'spec.devices: Too many: 65: must have at most 64 items',
  ],
  [
    slice({ devices: [{ name: 'd' }], sharedCounters: [{ name: 'c', counters: {} }] }),
    '[spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed, spec.sharedCounters[0].counters: Required value]',
  ],
  [
    holding({ attributes: { 'a/b/c': { bool: true }, v: { version: '1' }, two: { int: 1, string: 's' } } }),
    `[${held}.attributes: Invalid value: "a/b/c": must not contain more than one slash, ${held}.attributes[v].version: Invalid value: "1": must be a string compatible with semver.org spec 2.0.0, ${held}.attributes[two]: Invalid value: {"int":1,"string":"s"}: exactly one value must be specified]`,
  ],
  [holding({ taints: [{ key: 'k', effect: '' }] }), `${held}.taints[0].effect: Required value`],
  [
    holding({ nodeName: 'n' }),
    `${held}: Invalid value: null: \`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set if \`perDeviceNodeSelection\` is set to true in the ResourceSlice spec`,
  ],
  [
    holding({ capacity: { memory: { value: '1', requestPolicy: {} } } }),
    `${policyPath}: Forbidden: allowMultipleAllocations must be true`,
  ],
  [shared({ validValues: ['1Gi'] }), `${policyPath}.default: Required value: required when validValues is defined`],
  [
    shared({ default: '3Gi', validValues: ['2Gi', '1Gi', '20Gi'] }),
    `[${policyPath}.validValues[1]: Invalid value: "1Gi": values must be sorted in ascending order, ${policyPath}.validValues[2]: Invalid value: "20Gi": option is larger than capacity value: 10Gi, ${policyPath}.validValues: Invalid value: "3Gi": default value is not valid according to the requestPolicy]`,
  ],
  [
    shared({ default: '3Gi', validRange: { min: '1Gi', max: '20Gi', step: '3Gi' } }),
    `[${policyPath}.validRange.max: Invalid value: "20Gi": max is larger than capacity value: 10Gi, ${policyPath}.validRange.step: Invalid value: "3Gi": value is not a multiple of a given step (3Gi) from (1Gi), ${policyPath}.validRange.step: Invalid value: "20Gi": value is not a multiple of a given step (3Gi) from (1Gi)]`,
  ],
])('slice %j', (value, errors) => {
  expect(errorsOf('ResourceSlice', value)).toBe(errors);
});

test("a slice stays its driver's and its pool's", () => {
  const old = load('ResourceSlice', slice({}));
  const next = load('ResourceSlice', slice({ driver: 'other', pool: { ...pool, name: 'q' } }));
  expect(renderErrors(validateUpdate('ResourceSlice', next, old, false))).toBe(
    '[spec.pool.name: Invalid value: "q": field is immutable, spec.driver: Invalid value: "other": field is immutable]',
  );
});
