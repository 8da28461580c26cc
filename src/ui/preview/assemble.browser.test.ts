import { expect, test } from 'vitest';
import { assemble, within } from './assemble.ts';

const files: Record<string, Response> = {
  '/a/style.css': new Response('h1 { color: red }'),
  '/logo.svg': new Response('<svg xmlns="http://www.w3.org/2000/svg"/>', {
    headers: { 'content-type': 'image/svg+xml' },
  }),
};
const get = async (path: string) => files[path]?.clone() ?? new Response('', { status: 404 });

test('puts style sheets and pictures inline and leaves out what could act', async () => {
  const html = await assemble(
    '<link rel="stylesheet" href="style.css"><script>alert(1)</script><h1 onclick="x()">Hi</h1><img src="/logo.svg"><img src="http://elsewhere.invalid/x.png"><a href="more">more</a><base href="http://evil.invalid">',
    '/a/',
    get,
  );
  const page = new DOMParser().parseFromString(html, 'text/html');
  expect(page.querySelector('style')?.textContent).toBe('h1 { color: red }');
  expect(page.querySelectorAll('script, base, link').length).toBe(0);
  expect(page.querySelector('h1')?.attributes.length).toBe(0);
  expect([...page.querySelectorAll('img')].map((image) => image.getAttribute('src')?.slice(0, 19))).toEqual([
    'data:image/svg+xml;',
    undefined,
  ]);
  expect(page.querySelector('a')?.getAttribute('href')).toBe('more');
});

test('within keeps to the Service', () => {
  expect(within('../b?c=1#d', '/a/x')).toBe('/b?c=1#d');
  expect(within('https://example.com/', '/')).toBeUndefined();
  expect(within('javascript:alert(1)', '/')).toBeUndefined();
});
