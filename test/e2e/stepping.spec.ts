// Step by step: a Deployment is scaled from 2 to 3 while the cluster is paused; every gate is let through by hand, and afterwards the whole chain, from the
// write to the third container's process, stands in the timeline.

import { type Page, test } from '@playwright/test';
import { patiently as expect, openWith, seriousProblems, waitFor } from './drydock.ts';

test.describe.configure({ mode: 'serial' });
test.setTimeout(600_000);

let page: Page;

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: crew
spec:
  replicas: 2
  selector: {matchLabels: {app: crew}}
  template:
    metadata: {labels: {app: crew}}
    spec:
      containers:
      - name: main
        image: busybox:1.36
        command: ["sleep", "86400"]
`;

test.beforeAll(async ({ browser }) => {
  test.setTimeout(600_000);
  page = await openWith(browser, deployment, 'crew');
});
test.afterAll(() => page.close());

const panel = () => page.getByRole('region', { name: 'Steps that wait' });
const waiting = () => page.evaluate(() => window.drydock.cluster?.conductor.state.waiting.length ?? 0);
const containers = () =>
  page.evaluate(
    () =>
      window.drydock.cluster?.trace
        .events({ gates: ['container'] })
        .filter((event) => event.subject?.name.startsWith('crew-') && event.will?.endsWith('runs')).length ?? 0,
  );

test('paused, each step says who, what it saw, what it will do and why; one at a time they lead to a third process', async () => {
  const before = await containers();
  await page.getByRole('button', { name: 'Pause the cluster' }).click();
  await expect(panel().getByRole('heading', { name: 'Paused' })).toBeVisible();
  // scaling waits for its write to pass the gate, so nobody awaits it here
  await page.evaluate(() => void window.drydock.kubectl('scale deployment crew --replicas=3'));

  const write = panel().getByRole('listitem').filter({ hasText: 'patch Deployment/scale default/crew' });
  await expect(write).toContainText('apiserver-1');
  await write.getByRole('button').first().click();
  await expect(write).toContainText('The API server is about to commit a new revision');
  await expect(write).toContainText('Because');
  expect(await seriousProblems(page)).toEqual([]);

  const seen: string[] = [];
  for (let quiet = 0; quiet < 25 && (await containers()) === before; ) {
    const count = await waiting();
    if (count === 0) {
      quiet++;
      await page.waitForTimeout(200);
      continue;
    }
    quiet = 0;
    seen.push(
      (await panel()
        .getByRole('listitem')
        .first()
        .textContent({ timeout: 2000 })
        .catch(() => '')) ?? '',
    );
    await page
      .getByRole('button', { name: 'Next n' })
      .click({ timeout: 2000 })
      .catch(() => {});
  }
  expect(await containers()).toBe(before + 1);
  const all = seen.join('\n');
  for (const [who, what] of [
    ['manager-', 'scale up ReplicaSet crew-'],
    ['manager-', 'create 1 Pod'],
    ['scheduler-', 'bind to node-'],
    ['node-', 'create the sandbox, start main'],
    ['node-', 'start container main'],
  ] as const)
    expect(all).toMatch(new RegExp(`${who}\\d.*${what}`));
  // what it saw stands beside what it will do
  expect(seen.find((text) => text.includes('create 1 Pod'))).toMatch(/Saw.*replicas.*2.*wanted.*3.*Because/s);
});

test('resumed, the third pod becomes ready', async () => {
  await page.getByRole('button', { name: 'Resume the cluster' }).click();
  await waitFor(page, 'get deployment crew', (stdout) => /\s3\/3\s/.test(stdout), 240_000);
});

test('the timeline tells the whole chain, and every entry is a trace event', async () => {
  await page.getByRole('tab', { name: 'Timeline' }).click();
  await page.getByRole('searchbox', { name: 'Filter the timeline' }).fill('Deployment/scale');
  const write = page.locator('.event', { hasText: 'patch Deployment/scale default/crew' }).last();
  await expect(write).toContainText('you');
  await write.getByRole('button', { name: 'What came of it?' }).click();
  await expect(page.getByText('What came of: patch Deployment/scale default/crew')).toBeVisible();

  const rows = page.locator('.event');
  await expect.poll(() => rows.count()).toBeGreaterThan(12);
  const texts = await rows.evaluateAll((elements) =>
    elements.map((each) => (each.textContent ?? '').replace(/\s+/g, ' ')),
  );
  const places = [
    /apiserver-1 committed patch Deployment\/scale default\/crew/,
    /manager-\d watch event sees Deployment default\/crew changed/,
    /manager-\d reconcile scale up ReplicaSet crew-\w+ to 3/,
    /apiserver-1 committed update ReplicaSet default\/crew-/,
    /manager-\d watch event sees ReplicaSet default\/crew-/,
    /manager-\d reconcile create 1 Pod/,
    /apiserver-1 committed create Pod default\/crew-/,
    /scheduler-\d watch event sees Pod default\/crew-\S+ new/,
    /scheduler-\d schedule bind to node-\d/,
    /scheduler-\d bind bind to node-\d/,
    /apiserver-1 committed update Pod\/binding default\/crew-/,
    /node-\d watch event sees Pod default\/crew-\S+ new/,
    /node-\d sync pod create the sandbox, start main/,
    /node-\d runtime start the pod sandbox/,
    /node-\d runtime create container main/,
    /node-\d runtime start container main/,
    /node-\d container container main runs as process \d+/,
    /apiserver-1 committed patch Pod\/status default\/crew-/,
  ].map((pattern) => texts.findIndex((text) => pattern.test(text)));
  expect(places, texts.join('\n')).not.toContain(-1);
  // each step stands after what caused it
  expect(places.slice(0, -1)).toEqual([...places.slice(0, -1)].sort((a, b) => a - b));

  const honest = await rows.evaluateAll((elements) => {
    const known = new Map(window.drydock.cluster?.trace.events().map((event) => [event.seq, event]));
    return elements.map((each) => {
      const event = known.get(Number((each as HTMLElement).dataset['seq']));
      return event !== undefined && each.textContent?.includes(event.gate);
    });
  });
  expect(honest).not.toContain(false);
});

test('and backwards: why the process runs leads to the write', async () => {
  await page.locator('.event', { hasText: 'container main runs' }).last().hover();
  await page.locator('.event', { hasText: 'container main runs' }).last().getByRole('button', { name: 'Why?' }).click();
  await expect(page.getByText(/Why: container main runs as process \d+/)).toBeVisible();
  await expect(page.locator('.event', { hasText: 'patch Deployment/scale default/crew' })).toHaveCount(1);
  await expect(page.locator('.event').last()).toContainText('container main runs');
  expect(await seriousProblems(page)).toEqual([]);
  await page.getByRole('button', { name: 'Back to everything' }).click();
});

test('the inspector asks the same question of a pod, and shows it whole', async () => {
  await page
    .getByRole('button', { name: /^Pod crew \w+ Running 1\/1/ })
    .first()
    .click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector.getByText('busybox:1.36')).toBeVisible();
  await inspector.getByRole('tab', { name: 'Why?' }).click();
  await expect(inspector.getByText(/create Pod default\/crew-/).first()).toBeVisible();
  await inspector.getByRole('tab', { name: 'YAML' }).click();
  await expect(inspector.getByText('apiVersion').first()).toBeVisible();
  await inspector.getByRole('tab', { name: 'Events' }).click();
  await expect(inspector.getByText('Scheduled').first()).toBeVisible();
  await inspector.getByRole('tab', { name: 'Describe' }).click();
  await expect(inspector.getByText(/Controlled By: +ReplicaSet\/crew-/)).toBeVisible({ timeout: 180_000 });
  expect(await seriousProblems(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(inspector).toBeHidden();
});

test('all of it is within reach of the keyboard', async () => {
  const pod = page.getByRole('button', { name: /^Pod crew \w+ Running 1\/1/ }).first();
  await pod.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary', { name: 'Inspector' })).toBeVisible();
  await page.locator('body').press('Escape');
  await page.getByRole('tab', { name: 'Timeline' }).focus();
  await page.keyboard.press('p');
  await expect(page.getByRole('button', { name: 'Resume the cluster' })).toBeVisible();
  await page.keyboard.press('p');
  await expect(page.getByRole('button', { name: 'Pause the cluster' })).toBeVisible();
  await page.keyboard.press('`');
  await expect(page.locator('section.terminal:not(.hidden) textarea')).toBeFocused();
});
