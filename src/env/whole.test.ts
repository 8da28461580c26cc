import { describe, expect, test } from 'vitest';
import { contentOf, headerPairsOf, headersOf, setHeader, WholeRequest, wholeResponse } from './whole.ts';

describe('a whole response', () => {
  const make = () =>
    wholeResponse('{"a":"é"}', { status: 201, headers: { 'content-type': 'application/json', 'x-a': 'b' } });

  test('reads as any other', async () => {
    const response = make();
    expect(response).toBeInstanceOf(Response);
    expect(response.status).toBe(201);
    expect(response.ok).toBe(true);
    expect(response.headers.get('content-length')).toBe('10');
    expect(await response.text()).toBe('{"a":"é"}');
    expect(await make().json()).toEqual({ a: 'é' });
    expect(new Uint8Array(await make().arrayBuffer())).toEqual(contentOf(make()));
    expect(await new Response(make().body).text()).toBe('{"a":"é"}');
    expect(await make().clone().text()).toBe('{"a":"é"}');
    expect(contentOf(new Response('x'))).toBeUndefined();
  });

  test('keeps headers that are set before and after they are given out', () => {
    const response = make();
    setHeader(response, 'x-b', 'c');
    expect(headersOf(response)).toMatchObject({ 'x-a': 'b', 'x-b': 'c', 'content-length': '10' });
    response.headers.append('warning', '299 - "one"');
    response.headers.append('warning', '299 - "two"');
    setHeader(response, 'x-c', 'd');
    expect(headersOf(response)).toMatchObject({
      'x-b': 'c',
      'x-c': 'd',
      warning: ['299 - "one"', '299 - "two"'],
    });
    expect(headerPairsOf(response)).toContainEqual(['warning', '299 - "one", 299 - "two"']);
    expect(headerPairsOf(make())).toContainEqual(['x-a', 'b']);
  });

  test('says in words what its status is, if it was given any', () => {
    const response = wholeResponse('', { status: 404, statusText: 'Not Found', headers: {} });
    expect(response.statusText).toBe('Not Found');
    expect(response.clone().statusText).toBe('Not Found');
    expect(make().statusText).toBe('');
  });
});

describe('a whole request', () => {
  const content = new TextEncoder().encode('{"a":1}');
  const make = () =>
    new WholeRequest('http://h/p', { method: 'POST', headers: new Headers({ a: 'b' }), content }).asRequest;

  test('reads as any other', async () => {
    expect(await make().text()).toBe('{"a":1}');
    expect(await make().json()).toEqual({ a: 1 });
    expect(await new Response(make().body).text()).toBe('{"a":1}');
    expect(make().headers.get('a')).toBe('b');
    const pairs = new WholeRequest('http://h/', { method: 'GET', headers: [['A', 'b']], content: '' });
    expect(pairs.headers.get('a')).toBe('b');
    expect(
      new WholeRequest('http://h/', { method: 'GET', headers: new Headers(), content: new Uint8Array() }).body,
    ).toBe(null);
  });

  test('tells its signal that the client went away, before or after the signal is asked for', () => {
    const early = new WholeRequest('http://h/', { method: 'GET', headers: new Headers(), content });
    early.abort(new Error('gone'));
    expect(early.signal.aborted).toBe(true);
    const late = new WholeRequest('http://h/', { method: 'GET', headers: new Headers(), content });
    const { signal } = late;
    expect(signal.aborted).toBe(false);
    late.abort(new Error('gone'));
    expect(signal.aborted).toBe(true);
  });
});
