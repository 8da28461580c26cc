// Breaking things: the leader of the store, the leading controller manager, a whole node.

import { expect, type Page, test } from '@playwright/test';
import { kubectl, ok, openPage, waitFor } from './drydock.ts';

test.setTimeout(300_000);

interface Insides {
  cluster: {
    faults: { kill(name: string): void; start(name: string): void };
    clock: { fastForward(ms: number): Promise<void> };
    inspect(name: string): Promise<{ role?: string } | undefined>;
  };
}

const kill = (page: Page, name: string) =>
  page.evaluate((process) => (window.drydock as unknown as Insides).cluster.faults.kill(process), name);
const start = (page: Page, name: string) =>
  page.evaluate((process) => (window.drydock as unknown as Insides).cluster.faults.start(process), name);

const etcdLeader = (page: Page) =>
  page.evaluate(async () => {
    const { cluster } = window.drydock as unknown as Insides;
    for (const name of ['etcd-1', 'etcd-2', 'etcd-3']) {
      if ((await cluster.inspect(name).catch(() => undefined))?.role === 'leader') return name;
    }
    return '';
  });

test('the store elects another leader and writes go on', async ({ page }) => {
  await openPage(page);
  const before = await etcdLeader(page);
  expect(before).toMatch(/^etcd-[123]$/);
  await ok(page, 'create configmap before --from-literal=a=1');
  await kill(page, before);
  await expect.poll(() => etcdLeader(page), { timeout: 30_000 }).toMatch(new RegExp(`^(?!${before})etcd-[123]$`));
  await expect
    .poll(async () => (await kubectl(page, 'create configmap after --from-literal=a=1')).exitCode, { timeout: 30_000 })
    .toBe(0);
  expect(await ok(page, 'get configmaps -o name')).toContain('configmap/before');
  await start(page, before);
  await expect
    .poll(
      () =>
        page.evaluate(
          async (name) => (await (window.drydock as unknown as Insides).cluster.inspect(name))?.role,
          before,
        ),
      { timeout: 30_000 },
    )
    .toBe('follower');
});

test('the standby controller manager takes over', async ({ page }) => {
  await openPage(page);
  const holder = async () =>
    (await kubectl(page, 'get lease kube-controller-manager -n kube-system -o jsonpath={.spec.holderIdentity}')).stdout;
  await expect.poll(holder, { timeout: 30_000 }).toMatch(/kube-controller-manager-[12]/);
  const before = /kube-controller-manager-[12]/.exec(await holder())?.[0] as string;
  await kill(page, before);
  await expect
    .poll(holder, { timeout: 60_000 })
    .toMatch(before.endsWith('1') ? /kube-controller-manager-2/ : /kube-controller-manager-1/);
  await ok(page, 'create deployment after-failover --image=busybox:1.36 --replicas=2 -- sleep 3600');
  await waitFor(page, 'get deployment after-failover', (stdout) => /\s2\/2\s/.test(stdout));
});

test('pods of a lost node are replaced on the other after the toleration time', async ({ page }) => {
  await openPage(page);
  await ok(page, 'create deployment spread --image=busybox:1.36 --replicas=2 -- sleep 3600');
  await waitFor(page, 'get deployment spread', (stdout) => /\s2\/2\s/.test(stdout));
  await kill(page, 'node-2');
  await page.evaluate(() => (window.drydock as unknown as Insides).cluster.clock.fastForward(60_000));
  await waitFor(page, 'get nodes', (stdout) => /node-2\s+NotReady/.test(stdout));
  await page.evaluate(() => (window.drydock as unknown as Insides).cluster.clock.fastForward(360_000));
  await waitFor(
    page,
    'get pods -l app=spread -o wide',
    (stdout) => (stdout.match(/Running\s.*node-1/g) ?? []).length === 2,
    120_000,
  );
  await start(page, 'node-2');
  await waitFor(page, 'get nodes', (stdout) => (stdout.match(/\sReady\s/g) ?? []).length === 2, 90_000);
});
