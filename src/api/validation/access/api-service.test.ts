import { expect, test } from 'vitest';
import { renderErrors } from '../../field-error.ts';
import { validateCreate } from '../index.ts';

const metadata = { name: 'x', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };
const service = { namespace: 'n', name: 's' };
const aggregated = { group: 'a.io', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 };

test.each<[object, string]>([
  [{ ...aggregated, service }, '[]'],
  [
    { ...aggregated, version: 'v2', service },
    'metadata.name: Invalid value: "v1.a.io": must be `spec.version+"."+spec.group`: "v2.a.io"',
  ],
  [
    { ...aggregated, groupPriorityMinimum: 20_001 },
    'spec.groupPriorityMinimum: Invalid value: 20001: must be positive and less than 20000',
  ],
  [
    { ...aggregated, versionPriority: 0 },
    'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
  ],
  [
    { ...aggregated, caBundle: btoa('four') },
    'spec.caBundle: Invalid value: "4 bytes": local APIServices may not have a caBundle',
  ],
  [
    { ...aggregated, service, caBundle: btoa('four'), insecureSkipTLSVerify: true },
    'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
  ],
  [{ ...aggregated, service: { name: 's' } }, 'spec.service.namespace: Required value'],
  [
    { ...aggregated, service: { ...service, port: 70_000 } },
    'spec.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive',
  ],
])('APIService %j', (spec, message) => {
  const object = { metadata: { ...metadata, name: 'v1.a.io' }, spec };
  expect(renderErrors(validateCreate('APIService', object, false))).toBe(message);
});
