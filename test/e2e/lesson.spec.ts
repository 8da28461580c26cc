// A lesson taken in the browser: text, checks that turn green by themselves, hints, solution, reset, progress that outlives a reload.

import { type Page, test } from '@playwright/test';
import { patiently as expect, ok, openPage, seriousProblems } from './drydock.ts';

test.describe.configure({ mode: 'serial' });
test.setTimeout(600_000);

let page: Page;

test.beforeAll(async ({ browser }) => {
  test.setTimeout(600_000);
  page = await browser.newPage();
  await openPage(page);
});
test.afterAll(() => page.close());

const task = (words: string | RegExp) =>
  page.getByRole('list', { name: 'Tasks' }).getByRole('listitem').filter({ hasText: words });

test('opens with its text and its files, and knows what is missing', async () => {
  await page.getByRole('button', { name: 'Lessons' }).click();
  await page.getByRole('menuitem', { name: /From YAML to process/ }).click();
  await expect(page.getByRole('heading', { name: '1. A wish, written down' })).toBeVisible({ timeout: 180_000 });
  await expect(page.getByRole('tab', { name: 'greeter.yaml' })).toHaveAttribute('aria-selected', 'true');
  await expect(task(/Apply greeter.yaml/)).toContainText('(open)');
  await task(/Apply greeter.yaml/)
    .getByRole('button', { name: 'Hint' })
    .click();
  await expect(page.getByText('There is no Deployment called greeter in the namespace default.')).toBeVisible();
  expect(await seriousProblems(page)).toEqual([]);
});

test('a check turns green when the thing is done', async () => {
  await page.getByRole('button', { name: /^Apply/ }).click();
  await expect(task(/Apply greeter.yaml/)).toContainText('(passed)', { timeout: 180_000 });
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await expect(page.getByRole('heading', { name: '2. A wish makes a wish' })).toBeVisible();
  const name = await ok(page, 'get replicasets -l app=greeter -o jsonpath={.items[0].metadata.name}');
  await ok(page, `label replicaset ${name} seen=yes`);
  await expect(task(/Find the ReplicaSet/)).toContainText('(passed)', { timeout: 180_000 });
});

test('the learner way: the size is changed in the editor', async () => {
  await page.getByRole('button', { name: 'Next', exact: true }).click();
  await page.evaluate(() => {
    const text = window.drydock.files.read('greeter.yaml') as string;
    window.drydock.files.write('greeter.yaml', text.replace('cpu: "64"', 'cpu: 50m'));
  });
  await page.getByRole('button', { name: /^Apply/ }).click();
  await expect(task(/Ask for less CPU/)).toContainText('(passed)', { timeout: 180_000 });
  await ok(page, 'rollout status deployment/greeter --timeout=90s');
  // the command of the text, word for word, names the process on a Linux node
  expect(await ok(page, 'exec deploy/greeter -- cat /proc/1/comm')).toBe('nginx\n');
});

test('progress is kept over a reload', async () => {
  await page.reload();
  await expect(page.getByRole('heading', { name: '3. No room on board' })).toBeVisible({ timeout: 180_000 });
  await expect(task(/Ask for less CPU/)).toContainText('(passed)');
  await expect(page.getByRole('button', { name: 'Step 1: A wish, written down (done)' })).toBeVisible();
});

test('reset begins again; the solution passes everything', async () => {
  page.on('dialog', (dialog) => void dialog.accept());
  await expect(page.getByText('2 nodes ready')).toBeVisible({ timeout: 180_000 });
  await page.getByRole('button', { name: 'Reset' }).click();
  await expect(page.getByRole('heading', { name: '1. A wish, written down' })).toBeVisible({ timeout: 180_000 });
  await expect(task(/Apply greeter.yaml/)).toContainText('(open)');
  await expect.poll(() => page.evaluate(() => window.drydock.files.read('greeter.yaml'))).toContain('cpu: "64"');
  await page.getByRole('button', { name: 'Show solution' }).click();
  await expect(page.getByRole('tab', { name: 'solution-greeter.yaml' })).toBeVisible();
  await page.getByRole('button', { name: 'Run solution' }).click();
  await expect(page.getByRole('button', { name: 'Run solution' })).toBeVisible({ timeout: 180_000 });
  await page.getByRole('button', { name: /^Step 6/ }).click();
  await expect(page.getByText('You have seen the whole way from YAML to process.')).toBeVisible({ timeout: 180_000 });
});
