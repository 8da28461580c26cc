import { describe, expect, test } from 'vitest';
import { created, updated } from '../testing/cluster-errors.ts';

const frozen = 'Forbidden: field is immutable when `immutable` is set';
const full = 'x'.repeat(1024 * 1024);

describe('ConfigMaps', () => {
  test.each<[string, object, string]>([
    ['text and bytes', { data: { a: '1' }, binaryData: { b: 'AAAA' } }, ''],
    [
      'a key in both',
      { data: { a: '1' }, binaryData: { a: 'AAAA' } },
      'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    ],
    ['a bad key of bytes', { binaryData: { '..': 'AAAA' } }, `binaryData[..]: Invalid value: "..": must not be '..'`],
    ['as much as there may be', { data: { a: full } }, ''],
    ['too much', { data: { a: `${full}x` } }, '[]: Too long: may not be more than 1048576 bytes'],
    ['too much in bytes', { data: { a: 'é'.repeat(524_289) } }, '[]: Too long: may not be more than 1048576 bytes'],
    [
      'together too much',
      { data: { a: full }, binaryData: { b: 'AA==' } },
      '[]: Too long: may not be more than 1048576 bytes',
    ],
  ])('%s', (_, map, message) => expect(created('ConfigMap', map)).toBe(message));

  test.each<[object, object, string]>([
    [{ data: { a: '1' } }, { data: { a: '2' } }, ''],
    [{ data: { a: '1' }, immutable: true }, { data: { a: '2' }, immutable: true }, `data: ${frozen}`],
    [{ binaryData: { a: 'AAAA' }, immutable: true }, { immutable: true }, `binaryData: ${frozen}`],
    [{ immutable: true }, {}, `immutable: ${frozen}`],
    [{}, { immutable: true }, ''],
  ])('%j, then %j', (before, after, message) => expect(updated('ConfigMap', before, after)).toBe(message));
});

describe('Secrets', () => {
  const type = (name: string) => `kubernetes.io/${name}`;
  const needs = (key: string) => `data[${key}]: Required value`;
  test.each<[string, Record<string, string>, string]>([
    ['dockercfg', {}, needs('.dockercfg')],
    ['dockercfg', { '.dockercfg': '{}' }, ''],
    [
      'dockerconfigjson',
      { '.dockerconfigjson': 'x' },
      `data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character 'x' looking for beginning of value`,
    ],
    [
      'dockerconfigjson',
      { '.dockerconfigjson': '' },
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input',
    ],
    [
      'dockerconfigjson',
      { '.dockerconfigjson': '[]' },
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}',
    ],
    ['basic-auth', {}, `[${needs('username')}, ${needs('password')}]`],
    ['basic-auth', { password: '' }, ''],
    ['ssh-auth', { 'ssh-privatekey': '' }, needs('ssh-privatekey')],
    ['tls', {}, `[${needs('tls.crt')}, ${needs('tls.key')}]`],
    ['tls', { 'tls.crt': '', 'tls.key': '' }, ''],
    ['service-account-token', {}, 'metadata.annotations[kubernetes.io/service-account.name]: Required value'],
  ])('%s %j', (name, data, message) => {
    const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, btoa(text)]));
    expect(created('Secret', { type: type(name), data: encoded })).toBe(message);
  });

  test('a token of an account', () => {
    const annotations = { 'kubernetes.io/service-account.name': 'a' };
    expect(created('Secret', { type: type('service-account-token'), metadata: { annotations } })).toBe('');
  });
  test('too much', () => {
    expect(created('Secret', { data: { a: btoa(full) } })).toBe('');
    expect(created('Secret', { data: { a: btoa(`${full}x`) } })).toBe(
      'data: Too long: may not be more than 1048576 bytes',
    );
  });
  test('what may change', () => {
    expect(updated('Secret', {}, { type: 'other' })).toBe('type: Invalid value: "other": field is immutable');
    expect(updated('Secret', { immutable: true, data: { a: '' } }, {})).toBe(`[immutable: ${frozen}, data: ${frozen}]`);
  });
});
