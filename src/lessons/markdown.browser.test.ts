import { expect, test } from 'vitest';
import { renderInline, renderMarkdown } from './markdown.ts';

test('renders formatting and drops whatever could act', () => {
  expect(renderMarkdown('**A** `b`\n\n```\nkubectl get pods\n```')).toBe(
    '<p><strong>A</strong> <code>b</code></p>\n<pre><code>kubectl get pods\n</code></pre>\n',
  );
  const dirty = renderMarkdown(
    '<img src=x onerror=alert(1)><script>x</script><a href="javascript:x">y</a><p style="x" onclick="y">z</p>',
  );
  expect(dirty).not.toMatch(/script|onerror|onclick|style|img/);
});

test('links open elsewhere', () => {
  expect(renderInline('[a](https://kubernetes.io)')).toBe(
    '<a href="https://kubernetes.io" target="_blank" rel="noopener noreferrer">a</a>',
  );
});
