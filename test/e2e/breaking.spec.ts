// Breaking things as a reader does: by clicking. The leader of the store, the leading controller manager, a network, a node; and time that runs ahead.

import { type Page, test } from '@playwright/test';
import { apply, count, patiently as expect, kubectl, ok, openPage, waitFor, webManifest } from './drydock.ts';

test.describe.configure({ mode: 'serial' });
test.setTimeout(600_000);

let page: Page;

test.beforeAll(async ({ browser }) => {
  test.setTimeout(600_000);
  page = await browser.newPage();
  await openPage(page);
  await apply(page, webManifest);
  await waitFor(page, 'get deployment web', (stdout) => /\s2\/2\s/.test(stdout), 240_000);
});
test.afterAll(() => page.close());

const inspector = () => page.getByRole('complementary', { name: 'Inspector' });
const press = (name: string) => inspector().getByRole('button', { name }).click();

test('the leader of the store: another takes the pennant, writes go on', async () => {
  const leader = page.getByRole('button', { name: /^etcd-\d leads/ });
  const before = ((await leader.textContent()) ?? '').trim().slice(0, 6);
  await ok(page, 'create configmap kept --from-literal=a=1');
  await leader.click();
  await press('Kill');
  await expect(page.getByText(`${before} is down`)).toBeVisible();
  await expect(page.getByRole('button', { name: /^etcd-\d leads/ })).not.toContainText(before, { timeout: 180_000 });
  await expect
    .poll(async () => (await kubectl(page, 'create configmap after --from-literal=a=1')).exitCode, { timeout: 180_000 })
    .toBe(0);
  expect(await ok(page, 'get configmaps -o name')).toContain('configmap/kept');
  await press('Start again');
  await expect(page.getByRole('button', { name: new RegExp(`^${before} follower`) })).toBeVisible({ timeout: 180_000 });
});

test('the leading controller manager: the standby takes over', async () => {
  const leader = page.getByRole('button', { name: /^manager-\d leads/ });
  const before = ((await leader.textContent()) ?? '').trim().slice(0, 9);
  await leader.click();
  await press('Kill');
  await expect(page.getByRole('button', { name: /^manager-\d leads/ })).not.toContainText(before, { timeout: 180_000 });
  await ok(page, 'create deployment later --image=busybox:1.36 -- sleep 3600');
  await waitFor(page, 'get deployment later', (stdout) => /\s1\/1\s/.test(stdout), 240_000);
  await press('Start again');
  await expect(page.getByRole('button', { name: new RegExp(`^${before}`) })).not.toContainText('down', {
    timeout: 180_000,
  });
});

test('a cut network: the node is not heard of any more, and comes back', async () => {
  await page.getByRole('button', { name: /^node-2/ }).click();
  await press('Cut network');
  await expect(page.getByRole('button', { name: /^node-2/ })).toContainText('cut off');
  await page.getByRole('button', { name: '+1 min' }).click();
  await expect(page.getByRole('progressbar', { name: 'Running ahead' })).toHaveCount(0, { timeout: 180_000 });
  await waitFor(page, 'get nodes', (stdout) => /node-2\s+NotReady/.test(stdout), 240_000);
  await press('Reconnect');
  await waitFor(page, 'get nodes', (stdout) => count(stdout, /\sReady\s/) === 2, 240_000);
});

test('a lost node: after six minutes its pods run on the other, whose own stayed ready all the time', async () => {
  await waitFor(page, 'get deployment web', (stdout) => /\s2\/2\s/.test(stdout), 240_000);
  const before = await ok(page, 'get pods -l app=web -o wide --no-headers');
  const stays = before
    .split('\n')
    .find((line) => line.includes('node-1'))
    ?.split(/\s+/)[0] as string;
  expect(before).toContain('node-2');
  await page.getByRole('button', { name: /^node-2/ }).click();
  await press('Kill');
  await expect(page.getByText('node-2 is down')).toBeVisible();
  const watch = page.evaluate(async (name) => {
    const seen = new Set<string>();
    while (!(window as { enough?: boolean }).enough) {
      const answer = await window.drydock.kubectl(
        `get pod ${name} -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}/{.status.containerStatuses[0].restartCount}'`,
      );
      seen.add(answer.stdout);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return [...seen];
  }, stays);
  for (const button of ['+1 min', '+5 min']) {
    await page.getByRole('button', { name: button }).click();
    await expect(page.getByRole('progressbar', { name: 'Running ahead' })).toHaveCount(0, { timeout: 180_000 });
  }
  await waitFor(page, 'get nodes', (stdout) => /node-2\s+NotReady/.test(stdout), 240_000);
  await waitFor(
    page,
    'get pods -l app=web -o wide --no-headers',
    (stdout) => count(stdout, /\s1\/1\s+Running\s.*node-1/) === 2,
    240_000,
  );
  await page.evaluate(() => {
    (window as { enough?: boolean }).enough = true;
  });
  expect(await watch).toEqual(['True/0']);
  await press('Start again');
  await waitFor(page, 'get nodes', (stdout) => count(stdout, /\sReady\s/) === 2, 240_000);
  await waitFor(page, 'get pods -l app=web --no-headers', (stdout) => count(stdout, /\sRunning\s/) === 2, 240_000);
});
