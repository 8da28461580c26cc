import { describe, expect, test } from 'vitest';
import type { Json } from '../../env/env.ts';
import { compileTemplate } from './go-template.ts';
import { compileJsonPath, findPath } from './jsonpath.ts';

const list: { [key: string]: Json } = {
  items: [
    { metadata: { name: 'a', labels: { 'app.io/x': '1' } }, spec: { n: 1, ports: [80, 443] } },
    { metadata: { name: 'b' }, spec: { n: 2, ports: [] } },
  ],
};

describe('jsonpath', () => {
  test.each([
    ['{.items[0].metadata.name}', 'a'],
    ['{.items[*].metadata.name}', 'a b'],
    ['{.items[-1:].metadata.name}', 'b'],
    ['{range .items[*]}{.metadata.name}{"\\t"}{.spec.n}{"\\n"}{end}', 'a\t1\nb\t2\n'],
    ['{.items[?(@.spec.n==2)].metadata.name}', 'b'],
    ['{.items[?(@.spec.n>1)].metadata.name}', 'b'],
    ['{.items[?(@.metadata.labels)].metadata.name}', 'a'],
    ["{.items[0].metadata.labels['app\\.io/x']}", '1'],
    ['{.items[0].metadata.labels.app\\.io/x}', '1'],
    ['{..name}', 'a b'],
    ['{.items[0].spec.ports}', '[80,443]'],
    ["{.items[0]['spec','metadata']}", '{"n":1,"ports":[80,443]} {"labels":{"app.io/x":"1"},"name":"a"}'],
    ['{.nope.deeper}', ''],
    ['name: {.items[0].metadata.name}!', 'name: a!'],
  ])('%s', (template, text) => {
    expect(compileJsonPath(template)(list)).toBe(text);
  });

  test('a short expression finds values', () => {
    expect(findPath('items[0].spec.n', list)).toEqual([1]);
    expect(findPath('.items[1].spec.n', list)).toEqual([2]);
  });

  test('a broken template says where', () => {
    expect(() => compileJsonPath('{.a')).toThrow('error parsing jsonpath {.a, unclosed action');
    expect(() => compileJsonPath('{range .items[*]}x')).toThrow('range is not closed');
  });
});

describe('go-template', () => {
  test.each([
    ['{{.kind}}', 'List'],
    ['{{range .items}}{{.metadata.name}} {{end}}', 'a b '],
    ['{{range $i, $e := .items}}{{$i}}={{$e.metadata.name}};{{end}}', '0=a;1=b;'],
    ['{{if .nope}}yes{{else}}no{{end}}', 'no'],
    ['{{if eq .kind "List"}}yes{{else if .nope}}x{{else}}no{{end}}', 'yes'],
    ['{{len .items}} {{(index .items 0).metadata.name}}', '2 a'],
    ['{{.kind | printf "%-6s|"}}', 'List  |'],
    ['{{.nope}}', '<no value>'],
    ['{{with .items}}{{len .}}{{end}}', '2'],
    ['{{- "x" -}} \n y', 'xy'],
    ['{{base64decode "aGk="}}', 'hi'],
  ])('%s', (template, text) => {
    expect(compileTemplate(template)({ kind: 'List', ...list })).toBe(text);
  });
});
