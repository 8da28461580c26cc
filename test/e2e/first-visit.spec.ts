// The first minute of somebody who has never seen the page, and the editor they meet: what is there, what it says, what it keeps.

import { type Page, test } from '@playwright/test';
import { patiently as expect, kubectl, ok, seriousProblems, waitFor } from './drydock.ts';

test.describe.configure({ mode: 'serial' });
test.setTimeout(600_000);

let page: Page;

test.beforeAll(async ({ browser }) => {
  test.setTimeout(600_000);
  page = await browser.newPage();
  await page.goto('/');
});
test.afterAll(() => page.close());

const editor = () => page.locator('.monaco-editor').first();

/** Puts a text into the open file as if it had been there, and the cursor at its end. */
async function write(text: string): Promise<void> {
  await page.evaluate((content) => window.drydock.files.write('try.yaml', content), text);
  await page.mouse.move(900, 300);
  await editor().click({ position: { x: 300, y: 300 } });
  await page.keyboard.press('Control+End');
}

test('while nodes boot, the page says what happens and the file can be read', async () => {
  await expect(page.getByRole('status').first()).toHaveText(
    /Loading the cluster|Starting the control plane|nodes ready/,
  );
  await expect(page.getByText(/A whole Kubernetes cluster is starting in this tab|Press Apply below it/)).toBeVisible();
  await expect(page.getByRole('tab', { name: 'web.yaml' })).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByText('2 nodes ready')).toBeVisible({ timeout: 180_000 });
  await expect(editor()).toBeVisible({ timeout: 180_000 });
});

test('Ctrl-Enter applies; the guide follows to the page that two containers serve', async () => {
  await editor().click({ position: { x: 300, y: 300 } });
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText('deployment.apps/web created')).toBeVisible();
  await expect(page.getByText('service/web created')).toBeVisible();
  await expect(page.getByText('2 of 2 pods are ready')).toBeVisible({ timeout: 180_000 });
  await page.getByRole('button', { name: 'Open the page' }).click();
  await expect(page.frameLocator('iframe').getByText('Welcome to nginx!')).toBeVisible({ timeout: 180_000 });
  await expect(page.getByText('It works.')).toBeVisible();
  expect(await seriousProblems(page)).toEqual([]);
});

test('the preview is a browser: paths, errors, and the Service without pods', async () => {
  await page.getByRole('textbox', { name: 'Path' }).fill('/nothing-here');
  await page.keyboard.press('Enter');
  await expect(page.frameLocator('iframe').getByText('404 Not Found').first()).toBeVisible({ timeout: 180_000 });
  await page.getByRole('textbox', { name: 'Path' }).fill('/');
  await page.keyboard.press('Enter');
  await expect(page.frameLocator('iframe').getByText('It was served by')).toBeVisible({ timeout: 180_000 });
});

const hover = () => page.locator('.monaco-hover:visible');

/** Points at a word until the editor says `text` about it: what is pointed at before it was checked gets a hover without its problems, which stays as it is. */
async function seeOverWord(word: RegExp, text: string): Promise<void> {
  await expect(async () => {
    await page.mouse.move(900, 300);
    await expect(hover()).toHaveCount(0);
    await page.locator('.view-line span', { hasText: word }).last().hover();
    await expect(hover().getByText(text).first()).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 180_000 });
}

test('the editor completes fields and values, explains them, and marks what is wrong', async () => {
  await write('apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\nspec:\n  replicas: 1\n  ');
  await page.keyboard.type('sel', { delay: 60 });
  await expect(page.locator('.suggest-widget.visible').getByText('selector').first()).toBeVisible({ timeout: 180_000 });
  await page.keyboard.press('Enter');
  await expect.poll(() => page.evaluate(() => window.drydock.files.read('try.yaml'))).toContain('  selector:');
  await page.keyboard.press('Escape');

  await write('apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  restartPolicy: ');
  await page.keyboard.press('Control+Space');
  await expect(page.locator('.suggest-widget.visible').getByText('OnFailure')).toBeVisible({ timeout: 180_000 });
  await page.keyboard.press('Escape');

  // a value that is complete is left alone by Enter
  await write('');
  await page.keyboard.type('apiVersion: apps/v1\nkind: Deployment\n', { delay: 40 });
  await expect
    .poll(() => page.evaluate(() => window.drydock.files.read('try.yaml')))
    .toContain('apiVersion: apps/v1\nkind: Deployment\n');

  await write('apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\nspec:\n  replicas: many\n  replica: 3\n');
  await expect(page.locator('.squiggly-error')).not.toHaveCount(0, { timeout: 180_000 });
  await seeOverWord(/^many$/, 'Incorrect type. Expected "integer"');
  await expect(hover().getByText('Number of desired pods').first()).toBeVisible();
  await seeOverWord(/^replica$/, 'There is no field "replica" here.');
  await page.mouse.move(900, 300);
});

test('what the API server refuses is shown at its line', async () => {
  await write(
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: Not_A_Name\nspec:\n  containers:\n  - name: a\n    image: busybox\n',
  );
  await page.getByRole('button', { name: /^Apply/ }).click();
  await expect(page.getByText(/a lowercase RFC 1123 subdomain must consist of/).first()).toBeVisible();
  await page.getByRole('button', { name: /line 4/i }).click();
  await expect(page.locator('.view-line', { hasText: 'Not_A_Name' })).toBeVisible();
});

test('files are many, renamed by F2, and kept over a reload with what was typed', async () => {
  await page.getByRole('tab', { name: 'web.yaml' }).click();
  await editor().click({ position: { x: 300, y: 300 } });
  await page.keyboard.press('Control+End');
  await page.keyboard.type('# and more');
  await expect(page.getByRole('tab', { name: 'web.yaml (changed since it was applied)' })).toBeVisible();
  await page.getByRole('button', { name: 'New file' }).first().click();
  await page.getByRole('textbox', { name: 'Name of the file' }).fill('mine.yaml');
  await page.keyboard.press('Enter');
  await editor().click({ position: { x: 300, y: 300 } });
  await page.keyboard.type('# kept', { delay: 20 });
  await page.getByRole('tab', { name: 'mine.yaml' }).focus();
  await page.keyboard.press('F2');
  await page.getByRole('textbox', { name: 'Name of the file' }).fill('ours.yaml');
  await page.keyboard.press('Enter');
  const lease = (field: string) => `get lease kube-scheduler -n kube-system -o jsonpath={.spec.${field}}`;
  const [leader, renewed] = [await ok(page, lease('holderIdentity')), await ok(page, lease('renewTime'))];
  await page.reload();
  await expect(page.getByRole('tab', { name: 'ours.yaml' })).toHaveAttribute('aria-selected', 'true');
  expect(await page.evaluate(() => window.drydock.files.read('ours.yaml'))).toBe('# kept');
  // the leaders are who they were: nobody waits for a lease to run out
  await waitFor(page, lease('renewTime'), (stdout) => stdout !== '' && stdout !== renewed);
  expect(await ok(page, lease('holderIdentity'))).toBe(leader);
  await waitFor(page, 'get deployment web', (stdout) => /\s2\/2\s/.test(stdout), 240_000);
});

test('Delete takes away what the file describes', async () => {
  await page.getByRole('tab', { name: 'web.yaml' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByText(/deployment.apps "web" deleted/)).toBeVisible();
  await waitFor(page, 'get pods -o name', (stdout) => stdout.trim() === '', 240_000);
  expect((await kubectl(page, 'get service web')).stderr).toContain('NotFound');
  await ok(page, 'get nodes');
});

test('in the dark nothing is lost', async () => {
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(editor()).toBeVisible({ timeout: 180_000 });
  await expect(editor()).toHaveCSS('background-color', /rgb\(\d{1,2}, \d{1,2}, \d{1,2}\)/);
  for (const tab of ['Terminal', 'Timeline', 'Preview']) {
    await page.getByRole('tab', { name: tab, exact: true }).click();
    expect(await seriousProblems(page), tab).toEqual([]);
  }
});
