// Two tabs of one browser: the second follows and says so; when the first is closed it takes over.

import { test } from '@playwright/test';
import { patiently as expect, kubectl, ok, openPage, seriousProblems, waitFor } from './drydock.ts';

test.setTimeout(600_000);

test('the second tab follows read-only and takes over when the first closes', async ({ browser }) => {
  // hollow nodes: this is about tabs, not about Linux
  const context = await browser.newContext({ viewport: { width: 800, height: 900 } });
  const first = await context.newPage();
  await openPage(first);
  await ok(first, 'create configmap kept --from-literal=a=1');
  const second = await context.newPage();
  await second.setViewportSize({ width: 1280, height: 900 });
  await second.goto('/');
  await expect(second.getByText('This tab follows, it does not steer.')).toBeVisible({ timeout: 180_000 });
  await waitFor(second, 'get configmap kept -o jsonpath={.data.a}', (stdout) => stdout === '1');
  await expect(second.getByText('2 nodes ready')).toBeVisible({ timeout: 180_000 });

  // it shows what happens in the first
  await ok(first, 'create deployment seen --image=busybox:1.36 --replicas=1 -- sleep 3600');
  await expect(second.getByRole('button', { name: /^Pod seen \w+ Running 1\/1/ })).toBeVisible({ timeout: 180_000 });
  // and changes nothing
  expect((await kubectl(second, 'delete configmap kept')).stderr).toContain('this tab only follows the cluster');
  for (const name of [/^Apply/, /^Delete/, 'Pause the cluster', '+1 min'])
    await expect(second.getByRole('button', { name }).first()).toBeDisabled();
  expect(await seriousProblems(second)).toEqual([]);

  await first.close();
  await expect(second.getByText('This tab follows')).toBeHidden({ timeout: 180_000 });
  await second.waitForFunction(() => 'drydock' in window);
  await waitFor(second, 'get configmap kept -o jsonpath={.data.a}', (stdout) => stdout === '1', 240_000);
  await ok(second, 'create configmap mine --from-literal=a=1');
  await expect(second.getByRole('button', { name: 'Pause the cluster' })).toBeEnabled();
  await context.close();
});
