import { expect, test } from 'vitest';
import { RequestHeaders } from './request-headers.ts';

const headers = new RequestHeaders(
  new Map([
    ['accept', 'application/json'],
    ['impersonate-group', 'a, b'],
  ]),
).asHeaders;

test('names are found without regard to case; what is not there is null', () => {
  expect([headers.get('Accept'), headers.get('impersonate-group'), headers.get('cookie')]).toEqual([
    'application/json',
    'a, b',
    null,
  ]);
  expect([headers.has('ACCEPT'), headers.has('constructor')]).toEqual([true, false]);
});

test('they can be gone through, and made into Headers that are sent on', () => {
  const seen: string[] = [];
  headers.forEach((value, name) => {
    seen.push(`${name}: ${value}`);
  });
  expect(seen).toEqual(['accept: application/json', 'impersonate-group: a, b']);
  expect([...new Headers(headers)]).toEqual([...headers]);
  expect([...headers.keys()]).toEqual([...headers.entries()].map(([name]) => name));
  expect([...headers.values()]).toEqual(['application/json', 'a, b']);
});
