import { expect, test } from 'vitest';
import { act } from './apply.ts';

const file = { name: 'web.yaml', text: 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers: []\n' };

test('says what kubectl said when it went well', async () => {
  const outcome = await act(
    'apply',
    file,
    async () => ({ stdout: 'pod/web created\n', stderr: '', exitCode: 0 }),
    async () => new Response(),
  );
  expect(outcome).toEqual({ ok: true, done: ['pod/web created'], failed: [], problems: [] });
});

test('puts a Status at the field it is about', async () => {
  const status = {
    kind: 'Status',
    message: 'Pod "web" is invalid: spec.containers: Required value',
    details: { name: 'web', kind: 'Pod', causes: [{ field: 'spec.containers', message: 'Required value' }] },
  };
  const outcome = await act(
    'apply',
    file,
    async (args, fetch) => {
      expect(args).toEqual(['apply', '-f', 'web.yaml']);
      const response = await fetch('/api/v1/namespaces/default/pods', {
        method: 'POST',
        body: '{"kind":"Pod","metadata":{"name":"web"}}',
      });
      return { stdout: '', stderr: `${((await response.json()) as { message: string }).message}\n`, exitCode: 1 };
    },
    async () => Response.json(status, { status: 422 }),
  );
  expect(outcome.ok).toBe(false);
  expect(outcome.problems).toEqual([{ line: 6, column: 3, endLine: 6, endColumn: 17, message: 'Required value' }]);
});

test('does not bother the server with broken YAML or an empty file', async () => {
  const never = () => Promise.reject(new Error('asked'));
  const broken = await act('apply', { name: 'a.yaml', text: 'a: [1' }, never, never);
  expect(broken.ok).toBe(false);
  expect(broken.problems.length).toBeGreaterThan(0);
  expect((await act('apply', { name: 'a.yaml', text: '# nothing\n' }, never, never)).failed[0]).toContain('no object');
});
