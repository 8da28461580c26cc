// List and set functions: Kubernetes' lists library, cel-go's ext.Lists (version 3) and ext.Sets.

import type { Declaration } from '../environment.ts';
import { CelError, compareValues, Duration, equalValues, noneOptional, Optional, Uint, type Value } from '../values.ts';

const summable = ['int', 'uint', 'double', 'duration'];
const ordered = [...summable, 'bool', 'string', 'bytes', 'timestamp'];

function sum(zero: Value) {
  return (list: Value[]): Value =>
    list.reduce((total, item) => {
      if (typeof total === 'bigint' && typeof item === 'bigint') return total + item;
      if (typeof total === 'number' && typeof item === 'number') return total + item;
      if (total instanceof Uint && item instanceof Uint) return new Uint(total.value + item.value);
      if (total instanceof Duration && item instanceof Duration) return new Duration(total.nanos + item.nanos);
      throw new CelError('no such overload');
    }, zero);
}
const zeros: Record<string, Value> = { int: 0n, uint: new Uint(0n), double: 0, duration: new Duration(0n) };

const extreme =
  (name: string, wanted: 1 | -1) =>
  (list: Value[]): Value => {
    const [first, ...rest] = list;
    if (first === undefined) throw new CelError(`${name} called on empty list`);
    return rest.reduce((best, item) => (compareValues(item, best) * wanted > 0 ? item : best), first);
  };

const isSorted = (list: Value[]) => list.every((item, i) => i === 0 || compareValues(list[i - 1] as Value, item) <= 0);

function slice(list: Value[], start: bigint, end: bigint): Value[] {
  if (start < 0n || end < 0n) throw new CelError(`cannot slice(${start}, ${end}), negative indexes not supported`);
  if (start > end)
    throw new CelError(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`);
  if (end > BigInt(list.length)) throw new CelError(`cannot slice(${start}, ${end}), list is length ${list.length}`);
  return list.slice(Number(start), Number(end));
}

const flatten = (list: Value[], depth: bigint): Value[] =>
  list.flatMap((item) => (Array.isArray(item) && depth > 0n ? flatten(item, depth - 1n) : [item]));

const distinct = (list: Value[]) =>
  list.filter((item, i) => !list.slice(0, i).some((other) => equalValues(other, item)));
const within = (list: Value[], item: Value) => list.some((other) => equalValues(other, item));
const contains = (list: Value[], part: Value[]) => part.every((item) => within(list, item));

function sortByKeys(list: Value[], keys: Value[]): Value[] {
  const order = keys.map((_, i) => i).sort((a, b) => compareValues(keys[a] as Value, keys[b] as Value));
  return order.map((i) => list[i] as Value);
}

function numbers(count: bigint): Value[] {
  if (count > 1_000_000n) throw new CelError('range is too long');
  return Array.from({ length: Number(count) }, (_, i) => BigInt(i));
}

export const listFunctions: Declaration[] = [
  ...ordered.map((type): Declaration => ['isSorted', `list(${type}).()bool`, isSorted]),
  ...summable.map((type): Declaration => ['sum', `list(${type}).()${type}`, sum(zeros[type] as Value)]),
  ...ordered.map((type): Declaration => ['max', `list(${type}).()${type}`, extreme('max', 1)]),
  ...ordered.map((type): Declaration => ['min', `list(${type}).()${type}`, extreme('min', -1)]),
  [
    'indexOf',
    'list(A).(A)int',
    (list: Value[], item: Value) => BigInt(list.findIndex((each) => equalValues(each, item))),
  ],
  [
    'lastIndexOf',
    'list(A).(A)int',
    (list: Value[], item: Value) => BigInt(list.findLastIndex((each) => equalValues(each, item))),
  ],
  ['slice', 'list(A).(int,int)list(A)', slice],
  ['flatten', 'list(list(A)).()list(A)', (list: Value[]) => flatten(list, 1n)],
  ['flatten', 'list(dyn).(int)list(dyn)', flatten],
  ['distinct', 'list(A).()list(A)', distinct],
  ['reverse', 'list(A).()list(A)', (list: Value[]) => [...list].reverse()],
  ['first', 'list(A).()optional(A)', ([item]: Value[]) => (item === undefined ? noneOptional : new Optional(item))],
  [
    'last',
    'list(A).()optional(A)',
    (list: Value[]) => (list.length === 0 ? noneOptional : new Optional(list[list.length - 1])),
  ],
  ...ordered.map(
    (type): Declaration => ['sort', `list(${type}).()list(${type})`, (list: Value[]) => [...list].sort(compareValues)],
  ),
  ...ordered.map((type): Declaration => ['@sortByAssociatedKeys', `list(A).(list(${type}))list(A)`, sortByKeys]),
  ['lists.range', '(int)list(int)', numbers],
  ['sets.contains', '(list(A),list(A))bool', contains],
  ['sets.equivalent', '(list(A),list(A))bool', (a: Value[], b: Value[]) => contains(a, b) && contains(b, a)],
  ['sets.intersects', '(list(A),list(A))bool', (a: Value[], b: Value[]) => a.some((item) => within(b, item))],
];
