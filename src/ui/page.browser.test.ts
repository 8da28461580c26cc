import axe from 'axe-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { openPage, webDeployment } from './testing/open-page.ts';

/** What axe finds serious on the page as it stands. */
async function seriousProblems(): Promise<string[]> {
  const result = await axe.run(document.body, { resultTypes: ['violations'] });
  return result.violations
    .filter((violation) => violation.impact === 'serious' || violation.impact === 'critical')
    .map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

beforeEach(() => page.viewport(1440, 900));
afterEach(() => {
  delete document.documentElement.dataset['theme'];
});

describe('the page', () => {
  test('shows the cluster: control plane with the leader, nodes with what they are', async () => {
    const { screen } = await openPage();
    await expect.element(screen.getByRole('button', { name: /etcd-1 leads leader · term 2/ })).toBeVisible();
    await expect.element(screen.getByRole('button', { name: /^manager-2 stands by/ })).toBeVisible();
    await expect.element(screen.getByRole('button', { name: /node-1 Ready Linux/ })).toBeVisible();
    await expect.element(screen.getByText('No Linux here')).toBeVisible();
    await expect.element(screen.getByText('2 nodes ready')).toBeVisible();
  });

  test('applies the open file by button, shows what kubectl said, and keeps what was typed', async () => {
    const asked: unknown[] = [];
    const { screen, workspace } = await openPage({
      kubectl: async (args, io) => {
        asked.push([args, await io.files.read('web.yaml')]);
        io.stdout('deployment.apps/web created\n');
        return 0;
      },
    });
    workspace.files.typed('web.yaml', 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n');
    await screen.getByRole('button', { name: /^Apply/ }).click();
    await expect.element(screen.getByText('deployment.apps/web created')).toBeVisible();
    expect(asked).toEqual([[['apply', '-f', 'web.yaml'], 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n']]);
  });

  test('shows pods as they change, and the first steps follow', async () => {
    const { screen, cluster, workspace } = await openPage();
    await expect.element(screen.getByText(/Press Apply/)).toBeVisible();
    const deployment = cluster.put('deployments', webDeployment(2));
    await cluster.roll(deployment);
    await expect.element(screen.getByRole('button', { name: 'Pod web x7k2p Running 1/1' })).toBeVisible();
    await expect.element(screen.getByText(/2 of 2 pods are ready/)).toBeVisible();
    await screen.getByRole('button', { name: 'Pod web x7k2p Running 1/1' }).click();
    await expect.element(screen.getByRole('heading', { name: 'web-7d4b9c6f5-x7k2p' })).toBeVisible();
    await screen.getByRole('tab', { name: 'Why?' }).click();
    await expect.element(screen.getByText('create ReplicaSet default/web-7d4b9c6f5').first()).toBeVisible();
    expect(workspace.pods.all.length).toBe(2);
  });

  test('pauses, lists what waits, steps one at a time', async () => {
    const { screen, cluster } = await openPage();
    await screen.getByRole('button', { name: 'Pause the cluster' }).click();
    const deployment = cluster.put('deployments', webDeployment(1));
    void cluster.roll(deployment);
    const step = screen.getByRole('button', { name: 'Step: manager-1 reconcile' });
    await expect.element(step).toBeVisible();
    await step.click();
    await expect.element(screen.getByText(/1 let through/)).toBeVisible();
    await screen.getByRole('button', { name: 'Resume the cluster' }).click();
    await expect.element(screen.getByRole('button', { name: /Pod web x7k2p Running/ })).toBeVisible();
  });

  test('kills a process from the inspector and starts it again', async () => {
    const { screen } = await openPage();
    await screen.getByRole('button', { name: /^etcd-1/ }).click();
    await screen.getByRole('button', { name: 'Kill' }).click();
    await expect.element(screen.getByText('etcd-1 is down')).toBeVisible();
    await expect.element(screen.getByRole('button', { name: /etcd-2 leads/ })).toBeVisible();
    await screen.getByRole('button', { name: 'Start again' }).click();
    await expect.element(screen.getByText('2 nodes ready')).toBeVisible();
  });

  test('makes, renames and deletes files', async () => {
    const { screen, workspace } = await openPage();
    await screen.getByRole('button', { name: 'New file' }).first().click();
    await screen.getByRole('textbox', { name: 'Name of the file' }).fill('mine.yaml');
    (document.activeElement as HTMLElement).blur();
    await expect.element(screen.getByRole('tab', { name: 'mine.yaml' })).toBeVisible();
    expect(workspace.files.list.map((file) => file.name)).toEqual(['web.yaml', 'client.yaml', 'mine.yaml']);
    await screen.getByRole('button', { name: 'This file' }).click();
    await screen.getByRole('menuitem', { name: /Delete from the editor/ }).click();
    await expect.element(screen.getByRole('tab', { name: 'mine.yaml' })).not.toBeInTheDocument();
  });

  test.each(['light', 'dark'])('axe finds nothing serious, %s', async (theme) => {
    document.documentElement.dataset['theme'] = theme;
    const { screen, cluster } = await openPage();
    const deployment = cluster.put('deployments', webDeployment(2));
    await cluster.roll(deployment);
    await screen.getByRole('button', { name: 'Pod web x7k2p Running 1/1' }).click();
    await screen.getByRole('tab', { name: 'Timeline' }).click();
    expect(await seriousProblems()).toEqual([]);
  });

  test('a phone sees one pane at a time, and can step', async () => {
    await page.viewport(390, 844);
    const { screen, cluster } = await openPage();
    await expect.element(screen.getByRole('navigation', { name: 'Panes' })).toBeVisible();
    await screen.getByRole('button', { name: 'Pause the cluster' }).click();
    void cluster.roll(cluster.put('deployments', webDeployment(1)));
    await screen.getByRole('button', { name: /^Timeline/ }).click();
    await screen.getByRole('button', { name: 'Step: manager-1 reconcile' }).click();
    await expect.element(screen.getByText(/1 let through/)).toBeVisible();
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(390);
    expect(await seriousProblems()).toEqual([]);
  });
});
