import { describe, expect, test } from 'vitest';
import { compile, environmentOf } from './index.ts';
import { boolType, dynType, intType, listOf, mapOf, objectType, stringType } from './types.ts';
import { Duration, formatDuration, formatTimestamp, fromJson, Timestamp, toJson, type Value } from './values.ts';

const self = objectType('self', [
  ['replicas', intType],
  ['name', { ...stringType, max: 20 } as typeof stringType],
  ['open', stringType],
  ['items', listOf(stringType)],
  ['few', listOf({ ...stringType, max: 10 } as typeof stringType, 5)],
  ['labels', mapOf(stringType, stringType)],
]);
const environment = environmentOf([
  ['self', self],
  ['object', dynType],
  ['flag', boolType],
]);
const data: Record<string, unknown> = {
  self: { replicas: 3, name: 'web-1', items: ['a', 'b', 'a'], labels: { app: 'web' } },
  object: { metadata: { name: 'x', labels: { 'a/b': '1' } }, spec: { n: 5, f: 1.5, nothing: null } },
  flag: true,
};
const variables = (name: string): Value | undefined => (name in data ? fromJson(data[name]) : undefined);

/** The result as plain data, or the error's text. */
function run(text: string): unknown {
  const { value, error } = compile(text, environment).run(variables);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  return error ? `error: ${error.message}` : toJson(value as Value);
}

function failure(text: string): string {
  try {
    compile(text, environment);
  } catch (error) {
    return (error as Error).message;
  }
  return 'compiled';
}

describe('what expressions mean', () => {
  test.each([
    ['1 + 2 * 3 - -4', 11],
    ['7 / 2 + 7 % 4', 6],
    ['1.5 + 2.0', 3.5],
    ['"a" + \'b\' + r"\\n" + """c"""', 'ab\\nc'],
    ['"\\u00e9\\x41\\101\\t"', 'éAA\t'],
    ['b"abc" == bytes("abc")', true],
    ['5u + 3u == 8u', true],
    ['1 < 1.5 && dyn(1) == 1.0', true],
    ['dyn(1) == "1"', false],
    ['[1, 2] + [3]', [1, 2, 3]],
    ['{"a": 1}["a"] == 1 && "a" in {"a": 1} && 2 in [1, 2]', true],
    ['size("héé") + size([1]) + {"a": 1}.size()', 5],
    ['!true ? 1 : 2', 2],
    ['self.items.all(x, x != "")', true],
    ['self.items.exists_one(x, x == "b")', true],
    ['self.items.map(x, x != "b", x + "!")', ['a!', 'a!']],
    ['self.items.filter(x, x == "a")', ['a', 'a']],
    ['self.labels.all(k, k == "app")', true],
    ['self.labels.exists(k, v, k == "app" && v == "web")', true],
    ['self.items.transformList(i, v, v + string(i))', ['a0', 'b1', 'a2']],
    ['{"a": 1, "b": 2}.transformMap(k, v, v > 1, v * 10)', { b: 20 }],
    ['has(self.open) ? 1 : 2', 2],
    ['has(object.spec.n) && !has(object.spec.m)', true],
    ['object.metadata.labels["a/b"]', '1'],
    ['object.spec.nothing == null', true],
    ['object.?spec.?m.orValue(9)', 9],
    ['object.?spec.n.hasValue()', true],
    ['[?object.?spec.?m, ?optional.of(2)]', [2]],
    ['{?"x": object.?spec.?m, "y": 1}', { y: 1 }],
    ['optional.of(2).optMap(x, x + 1).value()', 3],
    ['self.items[?7].orValue("none")', 'none'],
    ['type(1) == int && type("") == string && type([]) == list', true],
    ['type(timestamp("2024-01-01T00:00:00Z")) == google.protobuf.Timestamp', true],
    ['int("42") + int(2.9) + int(3u)', 47],
    ['string(1.0) + string(true) + string(12)', '1true12'],
    ['duration("1h30m") > duration("80m")', true],
    ['timestamp("2024-02-29T12:00:00Z").getDate()', 29],
    ['timestamp("2024-01-01T00:00:00Z") + duration("36h")', '2024-01-02T12:00:00Z'],
    ['string(duration("90s"))', '90s'],
    ['"a,b,c".split(",").join("-")', 'a-b-c'],
    ['"Hello".lowerAscii().replace("l", "L").indexOf("L")', 2],
    ['"hello".substring(1, 3) + " x ".trim() + "abc".charAt(1)', 'elxb'],
    ['"%s is %d of %.2f".format([dyn("it"), 3, 1.5])', 'it is 3 of 1.50'],
    ['"a1b22".findAll("[0-9]+")', ['1', '22']],
    ['"abc 123".find("[0-9]+") + "x".find("[0-9]")', '123'],
    ['"Abc".matches("(?i)^abc$")', true],
    ['[1, 2, 3].isSorted() && [3, 1].sum() == 4 && [3, 1].max() == 3 && ["b"].min() == "b"', true],
    ['[1, 2, 1].lastIndexOf(1) + [1, 2].indexOf(5)', 1],
    ['sets.contains([1, 2], [2]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])', true],
    ['[3, 1, 2].sort().slice(0, 2)', [1, 2]],
    ['[3, 1, 2].sortBy(x, -x)', [3, 2, 1]],
    ['self.items.sortBy(i, i).sortBy(i, size(self.items.filter(j, j == i)))', ['b', 'a', 'a']],
    ['[{"n": "b"}, {"n": "a"}].sortBy(e, e.n).map(e, e.n)', ['a', 'b']],
    ['[[1], [2]].flatten().distinct().reverse()', [2, 1]],
    ['quantity("1Gi").isGreaterThan(quantity("500Mi")) && isQuantity("1k") && !isQuantity("x")', true],
    ['quantity("50k").add(1000).sub(quantity("1k")).asInteger()', 50000],
    ['quantity("2").compareTo(quantity("2000m"))', 0],
    ['url("https://u@example.com:80/a/b?x=1&x=2").getHostname()', 'example.com'],
    ['url("https://[::1]:80/").getPort() + url("/p").getHost()', '80'],
    ['url("https://example.com/a?x=1&x=2").getQuery()', { x: ['1', '2'] }],
    ['isURL("https://example.com") && !isURL("../x")', true],
    ['ip("127.0.0.1").isLoopback() && ip("::1").family() == 6 && !isIP("256.1.1.1")', true],
    ['ip.isCanonical("2001:db8::abcd") && !ip.isCanonical("2001:DB8::ABCD")', true],
    ['cidr("10.0.0.0/8").containsIP("10.1.2.3") && !cidr("10.0.0.0/8").containsCIDR("10.0.0.0/7")', true],
    ['string(cidr("10.1.2.3/8").masked()) + string(cidr("10.0.0.0/9").ip())', '10.0.0.0/810.0.0.0'],
    ['format.dns1123Label().validate("my-name").hasValue()', false],
    ['format.named("uuid").value().validate("x").value()', ['does not match the UUID format']],
    ['semver("1.2.3").isLessThan(semver("1.10.0")) && isSemver("v1.0", true) && !isSemver("1.0")', true],
    ['jsonpatch.escapeKey("a/b~c")', 'a~1b~0c'],
    ['false && (1 / 0 == 1)', false],
    ['(1 / 0 == 1) || true', true],
  ])('%s', (text, expected) => {
    expect(run(text)).toEqual(expected);
  });
});

describe('what goes wrong when it runs', () => {
  test.each([
    ['1 / 0', 'error: division by zero'],
    ['self.items[9]', 'error: index out of bounds: 9'],
    ['object.spec.gone', 'error: no such key: gone'],
    ['object.spec.n + "a"', 'error: no such overload'],
    ['9223372036854775807 + 1', 'error: integer overflow'],
    ['(1 / 0 == 1) || false', 'error: division by zero'],
  ])('%s', (text, expected) => {
    expect(run(text)).toBe(expected);
  });

  test('too much work is stopped', () => {
    const many = '[0,1,2,3,4,5,6,7,8,9]';
    const { error } = compile(`${many}.all(a, ${many}.all(b, ${many}.all(c, a >= 0)))`, environment).run(
      variables,
      1000,
    );
    expect(error?.message).toBe('operation cancelled: actual cost limit exceeded');
  });
});

describe('what does not compile', () => {
  test.each([
    ['self.foo == 1', "ERROR: <input>:1:5: undefined field 'foo'\n | self.foo == 1\n | ....^"],
    [
      "self.replicas == 'a'",
      "ERROR: <input>:1:15: found no matching overload for '_==_' applied to '(int, string)'\n | self.replicas == 'a'\n | ..............^",
    ],
    ['nope > 1', "ERROR: <input>:1:1: undeclared reference to 'nope' (in container '')\n | nope > 1\n | ^"],
    [
      'self.name.startsWith(1)',
      "ERROR: <input>:1:21: found no matching overload for 'startsWith' applied to 'string.(int)'\n | self.name.startsWith(1)\n | ....................^",
    ],
    [
      '1 +',
      "ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | 1 +\n | ...^",
    ],
    [
      'self.replicas.all(x, true)',
      "ERROR: <input>:1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n | self.replicas.all(x, true)\n | ....^",
    ],
    [
      'self.name.matches("(")',
      'ERROR: <input>:1:19: invalid matches argument\n | self.name.matches("(")\n | ..................^',
    ],
  ])('%s', (text, expected) => {
    expect(failure(text)).toBe(expected);
  });
  test.each([
    '[1, "a"]',
    'self.replicas.x',
    'namespace == 1',
    '"abc',
    'nope()',
    'self.name && true',
    'duration("x")',
    'cel.bind(x, 1, x == 2)',
    '[1, 2].sortBy(x, [x])',
    'a.b.c',
    '{1: 2}[',
    '#',
  ])('%s', (text) => {
    expect(failure(text)).toMatch(/^ERROR: <input>:1:\d+: /);
  });
});

test('costs are bounded by the sizes that a schema allows', () => {
  expect(compile('self.few.all(x, x == "a")', environment).maxCost).toBe(1 + 1 + 1 + 5 * (3 + 2));
  expect(compile('self.items.all(x, x == "a")', environment).maxCost).toBe(Infinity);
  expect(compile('self.replicas > 1', environment).maxCost).toBe(3);
  expect(compile("type(object) == int ? object > 2 : self.name != 'a'", environment).maxCost).toBeLessThan(20);
});

test('names are known by where they come from', () => {
  expect([...compile('[1].all(flag, flag > 0)', environment).references]).toEqual([]);
  expect([...compile('flag && self.replicas > 0', environment).references]).toEqual(['flag', 'self']);
});
