import { describe, expect, test } from 'vitest';
import { created, statusUpdated, updated } from '../testing/cluster-errors.ts';

const service = (port: object, name = 's') => ({ service: { name, port } });
const backend = service({ number: 80 });
const path = (more: object) => ({ path: '/', pathType: 'Prefix', backend, ...more });
const rule = (more: object, host?: string) => ({ ...(host && { host }), http: { paths: [path(more)] } });
const ingress = (more: object, host?: string) => ({ spec: { rules: [rule(more, host)] } });
const at = 'spec.rules[0].http.paths[0]';

test.each<[string, object, string]>([
  ['a plain one', ingress({}, 'a.example.com'), ''],
  ['nothing', { spec: {} }, 'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
  ['a default', { spec: { defaultBackend: backend } }, ''],
  [
    'an address for a host',
    ingress({}, '10.0.0.1'),
    'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
  ],
  ['a wildcard', ingress({}, '*.example.com'), ''],
  [
    'a wildcard in the middle',
    ingress({}, 'a.*.com'),
    expect.stringMatching(
      /^spec.rules\[0\].host: Invalid value: "a.\*.com": a wildcard DNS-1123 subdomain must start with/,
    ),
  ],
  ['no paths', { spec: { rules: [{ http: { paths: [] } }] } }, 'spec.rules[0].http.paths: Required value'],
  [
    'no type',
    { spec: { rules: [{ http: { paths: [{ path: '/', backend: {} }] } }] } },
    `${at}.pathType: Required value: pathType must be specified`,
  ],
  [
    'an unknown type',
    ingress({ pathType: 'Regex' }),
    `${at}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
  ],
  ['a relative path', ingress({ path: 'a' }), `${at}.path: Invalid value: "a": must be an absolute path`],
  ['no path, as they please', ingress({ path: '', pathType: 'ImplementationSpecific' }), ''],
  ['odd paths, as they please', ingress({ path: '/a//b', pathType: 'ImplementationSpecific' }), ''],
  [
    'odd paths',
    ingress({ path: '/a//b/./%2F/..', pathType: 'Exact' }),
    `[${['//', '/./', '%2F'].map((part) => `${at}.path: Invalid value: "/a//b/./%2F/..": must not contain '${part}'`).join(', ')}, ${at}.path: Invalid value: "/a//b/./%2F/..": cannot end with '/..']`,
  ],
  ['no backend', ingress({ backend: {} }), `${at}.backend: Invalid value: "": resource or service backend is required`],
  [
    'two backends',
    ingress({ backend: { ...backend, resource: { kind: 'K', name: 'n' } } }),
    `${at}.backend: Invalid value: "": cannot set both resource and service backends`,
  ],
  [
    'a resource of nothing',
    ingress({ backend: { resource: { kind: '', name: 'a/b' } } }),
    `[${at}.backend.resource.kind: Required value, ${at}.backend.resource.name: Invalid value: "a/b": may not contain '/']`,
  ],
  [
    'a bad service',
    ingress({ backend: service({ number: 80 }, 'a.b') }),
    `${at}.backend.service.name: Invalid value: "a.b": must not contain dots`,
  ],
  ['no port', ingress({ backend: service({}) }), `${at}.backend: Required value: port name or number is required`],
  [
    'two ports',
    ingress({ backend: service({ name: 'a', number: 80 }) }),
    `${at}.backend: Invalid value: "": cannot set both port name & port number`,
  ],
  [
    'a bad port',
    ingress({ backend: service({ number: 70_000 }) }),
    `${at}.backend.service.port.number: Invalid value: 70000: must be between 1 and 65535, inclusive`,
  ],
  [
    'a bad name of a port',
    ingress({ backend: service({ name: '1' }) }),
    `${at}.backend.service.port.name: Invalid value: "1": must contain at least one letter (a-z)`,
  ],
  [
    'a bad certificate',
    { spec: { defaultBackend: backend, tls: [{ hosts: ['*'], secretName: 'A' }] } },
    expect.stringMatching(
      /^\[spec.tls\[0\].hosts\[0\]: Invalid value: "\*": a wildcard .*, spec.tls\[0\].secretName: Invalid value: "A": a lowercase/,
    ),
  ],
  [
    'a bad class',
    { spec: { defaultBackend: backend, ingressClassName: 'A' } },
    expect.stringMatching(/^spec.ingressClassName: Invalid value: "A"/),
  ],
  [
    'two classes',
    {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } },
      spec: { defaultBackend: backend, ingressClassName: 'b' },
    },
    'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
  ],
])('%s', (_, object, message) => expect(created('Ingress', object)).toEqual(message));

describe('updates', () => {
  const bad = (secretName: string) => ({ spec: { defaultBackend: backend, tls: [{ secretName }] } });
  test('keep what was bad', () => {
    expect(updated('Ingress', bad('A'), bad('B'))).toBe('');
    expect(updated('Ingress', bad('a'), bad('B'))).toContain('spec.tls[0].secretName: Invalid value: "B"');
    const wild = ingress({ path: 'a' }, '*.io');
    expect(updated('Ingress', wild, wild)).toBe('');
    expect(updated('Ingress', ingress({}, '*.io'), wild)).toBe(
      `${at}.path: Invalid value: "a": must be an absolute path`,
    );
  });
  test('of the status', () => {
    const status = (more: object) => ({ ...ingress({}), status: { loadBalancer: { ingress: [more] } } });
    expect(statusUpdated('Ingress', ingress({}), status({ ip: '1.2.3.4' }))).toBe('');
    expect(statusUpdated('Ingress', ingress({}), status({ ip: '1.2.3.04' }))).toBe(
      'status.loadBalancer.ingress[0].ip: Invalid value: "1.2.3.04": must not have leading 0s',
    );
    expect(statusUpdated('Ingress', status({ ip: '1.2.3.04' }), status({ ip: '1.2.3.04' }))).toBe('');
    expect(statusUpdated('Ingress', ingress({}), status({ hostname: '1.2.3.4' }))).toBe(
      'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
    );
  });
});
