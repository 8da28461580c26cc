import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { duplicate, invalid, notSupported, path, renderError, required, tooLong, tooMany } from './field-error.ts';
import { fieldSelectorMatches, formatFieldSelector, parseFieldSelector, selectableFields } from './fields.ts';
import { scaledValue } from './int-or-string.ts';
import {
  formatSelector,
  labelSelectorAsSelector,
  nothing,
  parseSelector,
  type Requirement,
  selectorMatches,
} from './labels.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isIp,
  isQualifiedName,
  isValidLabelValue,
  isValidPortName,
  parseCidr,
} from './names.ts';
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  formatQuantity,
  parseQuantity,
  quantityMilliValue,
  quantityValue,
  subQuantity,
} from './quantity.ts';
import { findKind, resources } from './resources.ts';
import { ApiError, newConflict, newForbidden, newInvalid, newNotFound, optimisticLockMessage } from './status.ts';
import { formatDuration, humanDuration, parseDuration, parseTime, shortHumanDuration } from './time.ts';

describe('status', () => {
  test('wording', () => {
    expect(newNotFound({ group: 'apps', resource: 'deployments' }, 'web').status).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'deployments.apps "web" not found',
      reason: 'NotFound',
      details: { name: 'web', group: 'apps', kind: 'deployments' },
      code: 404,
    });
    expect(newConflict({ group: '', resource: 'pods' }, 'a', optimisticLockMessage).message).toBe(
      'Operation cannot be fulfilled on pods "a": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect(newForbidden({ group: '', resource: 'pods' }, '', 'no').message).toBe('pods is forbidden: no');
  });
  test('invalid collects causes and joins messages', () => {
    const error = newInvalid({ group: '', kind: 'Pod' }, 'x', [
      required(path('spec', 'containers')),
      invalid(path('spec').child('containers').index(0).child('name'), 'A', 'bad'),
    ]);
    expect(error.message).toBe(
      'Pod "x" is invalid: [spec.containers: Required value, spec.containers[0].name: Invalid value: "A": bad]',
    );
    expect(error.status.details?.causes).toEqual([
      { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers' },
      { reason: 'FieldValueInvalid', message: 'Invalid value: "A": bad', field: 'spec.containers[0].name' },
    ]);
  });
  test('from a body that is no Status', () => {
    expect(ApiError.from(503, 'gone fishing').reason).toBe('ServiceUnavailable');
    expect(ApiError.from(404, { kind: 'Status', message: 'm', code: 404 }).message).toBe('m');
  });
});

test('field errors', () => {
  expect(renderError(notSupported(path('a'), 'x', ['A', 'B']))).toBe(
    'a: Unsupported value: "x": supported values: "A", "B"',
  );
  expect(renderError(tooLong(path('a').key('k'), 63))).toBe('a[k]: Too long: may not be more than 63 bytes');
  expect(renderError(tooMany(path('a'), 5, 1))).toBe('a: Too many: 5: must have at most 1 item');
  expect(renderError(duplicate(path('a'), { x: 1 }))).toBe('a: Duplicate value: {"x":1}');
  expect(renderError(invalid(path('a'), null, 'd'))).toBe('a: Invalid value: null: d');
});

describe('labels', () => {
  const set = { app: 'web', tier: 'front', n: '5' };
  test.each([
    ['', true],
    ['app=web', true],
    ['app==web,tier!=back', true],
    ['app in (api, web),!old', true],
    ['tier notin (front)', false],
    ['missing notin (x)', true],
    ['app', true],
    ['!app', false],
    ['n>4,n<6', true],
    ['n>5', false],
    ['app=', false],
    ['in in (in)', false],
  ])('%s -> %s', (text, expected) => expect(selectorMatches(parseSelector(text), set)).toBe(expected));
  test.each([
    ['a,,b', "found ',', expected: identifier after ','"],
    ['x in (a', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['=a', "found '=', expected: !, identifier, or 'end of string'"],
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
  ])('%s is refused', (text, message) => expect(() => parseSelector(text)).toThrow(message));
  test('objects', () => {
    expect(labelSelectorAsSelector(undefined)).toBe(nothing);
    expect(selectorMatches(nothing, set)).toBe(false);
    expect(selectorMatches(labelSelectorAsSelector({}), set)).toBe(true);
    const s = labelSelectorAsSelector({
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'x', operator: 'DoesNotExist' }],
    });
    expect(formatSelector(s)).toBe('app=web,!x');
    expect(() => labelSelectorAsSelector({ matchExpressions: [{ key: 'x', operator: 'Like' }] })).toThrow(
      '"Like" is not a valid label selector operator',
    );
  });
  test('text form parses back', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/).filter((w) => w !== 'in' && w !== 'notin');
    const requirement: fc.Arbitrary<Requirement> = fc.oneof(
      fc.record({ key: word, operator: fc.constantFrom('=', '!='), values: fc.tuple(word) }),
      fc.record({
        key: word,
        operator: fc.constantFrom('in', 'notin'),
        values: fc.uniqueArray(word, { minLength: 1, maxLength: 3 }).map((v) => v.sort()),
      }),
      fc.record({ key: word, operator: fc.constantFrom('exists', '!'), values: fc.constant([]) }),
    ) as fc.Arbitrary<Requirement>;
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 4 }), (list) => {
        const sorted = [...list].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
        expect(parseSelector(formatSelector(sorted))).toEqual(sorted);
      }),
    );
  });
});

test('field selectors', () => {
  const selector = parseFieldSelector('metadata.name=a\\,b,spec.nodeName!=n1');
  expect(formatFieldSelector(selector)).toBe('metadata.name=a\\,b,spec.nodeName!=n1');
  const fields = selectableFields('pods', { metadata: { name: 'a,b', namespace: 'd' }, spec: { nodeName: 'n2' } });
  expect(fieldSelectorMatches(selector, fields)).toBe(true);
  expect(fields['spec.hostNetwork']).toBe('false');
  expect(() => parseFieldSelector('a')).toThrow("invalid selector: 'a'; can't understand 'a'");
});

describe('quantity', () => {
  test.each([
    ['1', '1'],
    ['0.5', '500m'],
    ['1000m', '1'],
    ['100000', '100k'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['512Ki', '512Ki'],
    ['1000Ki', '1000Ki'],
    ['1023', '1023'],
    ['0.1Ki', '102400m'],
    ['1e3', '1e3'],
    ['1E', '1E'],
    ['12e6', '12e6'],
    ['0', '0'],
    ['-1.5', '-1500m'],
    ['1n', '1n'],
    ['0.0000000001', '1n'],
    ['.5', '500m'],
    ['5.', '5'],
    ['9223372036854775808', '9223372036854775807'],
    ['1000000Gi', '1000000Gi'],
  ])('%s prints as %s', (text, expected) => expect(canonicalQuantity(text)).toBe(expected));
  test.each(['', 'abc', '1.2.3', '1 Gi', '--1', '.', '+', '1Gi1x'])('%j is malformed', (text) =>
    expect(() => parseQuantity(text)).toThrow(/^quantities must match the regular expression/),
  );
  test.each(['1ki', '1KB', '1e', '1Gim', '1kk'])('%j has a bad suffix', (text) =>
    expect(() => parseQuantity(text)).toThrow(/suffix|regular expression/),
  );
  test('arithmetic', () => {
    expect(formatQuantity(addQuantity('100m', '1'))).toBe('1100m');
    expect(formatQuantity(subQuantity('1Gi', '512Mi'))).toBe('512Mi');
    expect(compareQuantity('1', '1000m')).toBe(0);
    expect(compareQuantity('1Gi', '1G')).toBe(1);
    expect(quantityValue('1.1')).toBe(2);
    expect(quantityMilliValue('250m')).toBe(250);
  });
  test('canonical text is a fixed point and keeps the value', () => {
    const text = fc.tuple(
      fc.integer({ min: -99999, max: 99999 }),
      fc.nat(999),
      fc.constantFrom('', 'm', 'k', 'Ki', 'Mi', 'G', 'Ti', 'e3', 'u'),
    );
    fc.assert(
      fc.property(text, ([whole, fraction, suffix]) => {
        const source = `${whole}.${fraction}${suffix}`;
        const canonical = canonicalQuantity(source);
        // A binary amount is rounded up to a whole number when it is printed. Printed without a suffix ("15.625Ki" is "16000") it is read again as a decimal
        // one ("16k"), as upstream.
        if (/i$/.test(canonical) || !suffix.endsWith('i')) expect(canonicalQuantity(canonical)).toBe(canonical);
        else expect(compareQuantity(canonicalQuantity(canonical), canonical)).toBe(0);
        if (suffix.endsWith('i'))
          expect(compareQuantity(canonical, source) * (source.startsWith('-') ? -1 : 1)).toBeGreaterThanOrEqual(0);
        else expect(compareQuantity(canonical, source)).toBe(0);
      }),
      { examples: [[[15, 625, 'Ki']]] },
    );
  });
});

test('names', () => {
  expect(isDns1123Label('web-1')).toEqual([]);
  expect(isDns1123Label('Web')[0]).toBe(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  );
  expect(isDns1123Label('a.b')).toEqual(['must not contain dots']);
  expect(isDns1123Subdomain('A_b')[0]).toContain("(e.g. 'example.com', regex used for validation is '[a-z0-9]");
  expect(isDns1123Subdomain('a'.repeat(254))).toEqual(['must be no more than 253 characters']);
  expect(isQualifiedName('example.com/app')).toEqual([]);
  expect(isQualifiedName('/app')).toEqual(['prefix part must be non-empty']);
  expect(isValidLabelValue('')).toEqual([]);
  expect(isValidPortName('http')).toEqual([]);
  expect(isValidPortName('80')).toEqual(['must contain at least one letter (a-z)']);
  for (const ip of ['10.0.0.1', '::1', '2001:db8::ffff', '::ffff:10.1.2.3']) expect(isIp(ip)).toBe(true);
  for (const ip of ['10.0.0', '010.0.0.1', '1::2::3', '256.1.1.1', 'fe80::1%eth0']) expect(isIp(ip)).toBe(false);
  expect(parseCidr('10.0.0.0/8')).toEqual({ address: '10.0.0.0', bits: 8, family: 4 });
  expect(parseCidr('10.0.0.0/33')).toBeUndefined();
});

test('durations and times', () => {
  const s = 1000;
  const table: [number, string][] = [
    [0, '0s'],
    [119 * s, '119s'],
    [120 * s, '2m'],
    [192 * s, '3m12s'],
    [15 * 60 * s, '15m'],
    [5 * 3600 * s + 120 * s, '5h2m'],
    [40 * 3600 * s, '40h'],
    [51 * 3600 * s, '2d3h'],
    [11 * 86400 * s, '11d'],
    [770 * 86400 * s, '2y40d'],
    [-5 * s, '<invalid>'],
  ];
  for (const [ms, text] of table) expect(humanDuration(ms)).toBe(text);
  expect(shortHumanDuration(3700 * s)).toBe('1h');
  expect(parseTime('2026-11-21T09:30:00Z')).toBe(Date.UTC(2026, 10, 21, 9, 30));
  expect(parseTime('2026-11-21T09:30:00.5+01:00')).toBe(Date.UTC(2026, 10, 21, 8, 30, 0, 500));
  expect(parseTime('2026-02-30T00:00:00Z')).toBeUndefined();
  expect(parseDuration('1h30m')).toBe(5_400_000);
  expect(parseDuration('1x')).toBeUndefined();
  expect(formatDuration(5_400_000)).toBe('1h30m0s');
  expect(formatDuration(1500)).toBe('1.5s');
});

test('int or percent', () => {
  expect(scaledValue(3, 10, true)).toBe(3);
  expect(scaledValue('25%', 10, true)).toBe(3);
  expect(scaledValue('25%', 10, false)).toBe(2);
  expect(() => scaledValue('abc', 10, true)).toThrow('invalid type: string is not a percentage');
});

test('the resource table names each path and kind once', () => {
  const kinds = new Set(resources.map((r) => `${r.group}/${r.version}/${r.kind}`));
  expect(kinds.size).toBe(resources.length);
  expect(findKind('apps/v1', 'Deployment')?.shortNames).toEqual(['deploy']);
  expect(findKind('a/b/c', 'X')).toBeUndefined();
});
