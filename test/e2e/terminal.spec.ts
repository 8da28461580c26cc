// The terminal, typed into by hand: completion, history, search, Ctrl-C, paste, shells in containers and on nodes, edit.

import { type Page, test } from '@playwright/test';
import { patiently as expect, ok, openWith, screenOf, seeOnScreen } from './drydock.ts';

test.describe.configure({ mode: 'serial' });
test.setTimeout(600_000);

let page: Page;

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: shell
spec:
  replicas: 2
  selector: {matchLabels: {app: shell}}
  template:
    metadata: {labels: {app: shell}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: busybox:1.36
        command: ["sh", "-c", "while true; do echo tick; sleep 1; done"]
`;

test.beforeAll(async ({ browser }) => {
  test.setTimeout(600_000);
  page = await openWith(browser, deployment, 'shell');
});
test.afterAll(() => page.close());

test.beforeEach(async () => {
  await page.locator('section.terminal:not(.hidden) .xterm').click();
  await page.keyboard.press('Control+c');
  await page.keyboard.press('Control+l');
  await seeOnScreen(page, /^\$$/);
});

const enter = (line: string) => page.keyboard.type(`${line}\r`);

test('get, and Tab for commands, resources, names, namespaces and flags', async () => {
  await enter('kubectl get po');
  await seeOnScreen(page, /NAME +READY +STATUS +RESTARTS +AGE\nshell-\w+-\w+ +1\/1 +Running/);
  await page.keyboard.type('kub');
  await page.keyboard.press('Tab');
  await seeOnScreen(page, /\$ kubectl$/m);
  await page.keyboard.type('desc');
  await page.keyboard.press('Tab');
  await seeOnScreen(page, /\$ kubectl describe$/m);
  await page.keyboard.type('depl');
  await page.keyboard.press('Tab');
  await seeOnScreen(page, /kubectl describe deployments$/m);
  await page.keyboard.type('sh');
  await page.keyboard.press('Tab');
  await seeOnScreen(page, /kubectl describe deployments shell$/m);
  await page.keyboard.type('--namesp');
  await page.keyboard.press('Tab');
  await seeOnScreen(page, /deployments shell --namespace=$/m);
  await page.keyboard.type('kube-s');
  await page.keyboard.press('Tab');
  await seeOnScreen(page, /--namespace=kube-system$/m);
});

test('history by arrows and Ctrl-R, editing keys, several pasted lines', async () => {
  await enter('kubectl get nodes');
  await seeOnScreen(page, /node-2 +Ready/);
  await enter('kubectl get ns');
  await seeOnScreen(page, /kube-system +Active/);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await seeOnScreen(page, /\$ kubectl get nodes$/);
  await page.keyboard.press('Control+a');
  await page.keyboard.type('# ');
  await page.keyboard.press('Control+e');
  await page.keyboard.press('Control+w');
  await page.keyboard.type('NODES');
  await seeOnScreen(page, /\$ # kubectl get NODES$/);
  await page.keyboard.press('Control+u');
  await page.keyboard.press('Control+r');
  await page.keyboard.type('nodes');
  await seeOnScreen(page, /\(reverse-i-search\)`nodes': kubectl get nodes$/);
  await page.keyboard.press('Control+c');
  await page.keyboard.press('Control+l');
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text/plain', 'kubectl get ns default\nkubectl get svc kubernetes\n');
    document
      .querySelector('section.terminal:not(.hidden) textarea')
      ?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await seeOnScreen(page, /default +Active[\s\S]*kubernetes +ClusterIP[\s\S]*\n\$$/);
});

test('Ctrl-C ends what watches and follows', async () => {
  await enter('kubectl get pods -w');
  await seeOnScreen(page, /Running[\s\S]*Running/);
  await page.keyboard.press('Control+c');
  await seeOnScreen(page, /\^C\n\$$/);
  await enter('kubectl logs -f deploy/shell --tail=2');
  await seeOnScreen(page, /tick\ntick\ntick/);
  await page.keyboard.press('Control+c');
  await seeOnScreen(page, /\^C\n\$$/);
});

test('exec -it: a shell with its size, Ctrl-C within, exit', async () => {
  await enter('kubectl exec -it deploy/shell -- sh');
  await seeOnScreen(page, /\/ #$/);
  await enter('stty size');
  const before = /(\d+) (\d+)\n/.exec(await seeOnScreen(page, /\n\d+ \d+\n/))?.[2];
  await page.setViewportSize({ width: 1200, height: 900 });
  await page.keyboard.press('Control+l');
  await expect
    .poll(
      async () => {
        await enter('stty size');
        await page.waitForTimeout(500);
        return [...(await screenOf(page)).matchAll(/^\d+ (\d+)$/gm)].at(-1)?.[1];
      },
      { timeout: 180_000 },
    )
    .not.toBe(before);
  await page.setViewportSize({ width: 1440, height: 900 });
  await enter('sleep 100');
  await page.waitForTimeout(700);
  await page.keyboard.press('Control+c');
  await enter('echo was $?');
  await seeOnScreen(page, /was 130/);
  await enter('exit 4');
  await seeOnScreen(page, /command terminated with exit code 4\n\$$/);
});

test('attach follows the process and is left by Ctrl-C', async () => {
  await enter('kubectl attach -it deploy/shell');
  await seeOnScreen(page, /Unable to use a TTY - container main did not allocate one[\s\S]*tick/);
  await page.keyboard.press('Control+c');
  await seeOnScreen(page, /\^C\n\$$/);
});

test('cp, both ways', async () => {
  const pod = (await ok(page, 'get pods -l app=shell -o name')).split('\n')[0]?.replace('pod/', '') as string;
  await enter(`kubectl cp e2e.yaml ${pod}:/tmp/there.yaml`);
  await enter(`kubectl cp ${pod}:/tmp/there.yaml back.yaml`);
  await expect
    .poll(() => page.evaluate(() => window.drydock.files.read('back.yaml')), { timeout: 180_000 })
    .toBe(deployment);
});

test('edit: opens the editor, a refused change opens again with the reason, a good one is taken; Ctrl-C gives up', async () => {
  const text = () =>
    page.evaluate(() => {
      const name = window.drydock.files.list().find((file) => file.startsWith('edit-'));
      return name ? window.drydock.files.read(name) : undefined;
    });
  const change = (from: string, to: string) =>
    page.evaluate(
      ([before, after]) => {
        const name = window.drydock.files.list().find((file) => file.startsWith('edit-')) as string;
        const content = window.drydock.files.read(name) as string;
        window.drydock.files.write(name, content.replace(before as string, after as string));
      },
      [from, to],
    );
  await enter('kubectl edit deployment shell');
  await expect(page.getByRole('button', { name: 'Save to the cluster' })).toBeVisible();
  expect(await text()).toContain('  replicas: 2\n');
  await change('  replicas: 2\n', '  replicas: -1\n');
  await page.getByRole('button', { name: 'Save to the cluster' }).click();
  await expect.poll(text).toContain('# * spec.replicas: Invalid value: -1: must be greater than or equal to 0');
  await seeOnScreen(page, /error: deployments\.apps "shell" is invalid/);
  await change('  replicas: -1\n', '  replicas: 3\n');
  await page.getByRole('button', { name: 'Save to the cluster' }).click();
  await seeOnScreen(page, /deployment\.apps\/shell edited\n\$$/);
  expect(await ok(page, 'get deployment shell -o jsonpath={.spec.replicas}')).toBe('3');
  await page.locator('section.terminal:not(.hidden) .xterm').click();
  await enter('kubectl edit deployment shell');
  await expect(page.getByRole('button', { name: 'Save to the cluster' })).toBeVisible();
  await page.locator('section.terminal:not(.hidden) .xterm').click();
  await page.keyboard.press('Control+c');
  await seeOnScreen(page, /\n\$$/);
  expect(await text()).toBeUndefined();
});

test('scale, create, explain, api-resources, pipes', async () => {
  await enter('kubectl scale deployment shell --replicas=1');
  await seeOnScreen(page, /deployment\.apps\/shell scaled/);
  await enter('kubectl create configmap made --from-literal=a=b');
  await seeOnScreen(page, /configmap\/made created/);
  await enter('kubectl explain pod.spec.restartPolicy');
  await seeOnScreen(page, /FIELD: restartPolicy <string>/);
  await enter('kubectl api-resources | grep ^deployments');
  await seeOnScreen(page, /deployments +deploy +apps\/v1 +true +Deployment/);
});

test('tabs: a shell on a node, a shell in a container, closing', async () => {
  await page.getByRole('button', { name: 'New terminal' }).click();
  await page.getByRole('menuitem', { name: /Shell on node-1/ }).click();
  await seeOnScreen(page, /root@node-1/);
  await enter('uname -m; hostname');
  await seeOnScreen(page, /\ni\d86\nnode-1/);
  await page.getByRole('button', { name: 'New terminal' }).click();
  await page
    .getByRole('menuitem', { name: /Shell in shell-/ })
    .first()
    .click();
  await seeOnScreen(page, /\/ #$/);
  await expect(page.getByRole('tablist', { name: 'Terminals' }).getByRole('tab')).toHaveCount(3);
  await page.getByRole('button', { name: 'Close this terminal' }).click();
  await page.getByRole('button', { name: 'Close this terminal' }).click();
  await expect(page.getByRole('tablist', { name: 'Terminals' }).getByRole('tab')).toHaveCount(1);
  await seeOnScreen(page, /\$$/);
});
