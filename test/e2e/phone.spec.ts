// A phone, 390 by 844: reading and stepping on hollow nodes, one pane at a time, everything within a finger's reach.

import { type Page, test } from '@playwright/test';
import { patiently as expect, openPage, seriousProblems, waitFor } from './drydock.ts';

test.describe.configure({ mode: 'serial' });
test.setTimeout(600_000);

let page: Page;

test.beforeAll(async ({ browser }) => {
  test.setTimeout(600_000);
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  page = await context.newPage();
  await openPage(page);
});
test.afterAll(() => page.context().close());

const pane = (name: RegExp) => page.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name });

/** Nothing sticks out to the side, and whatever can be pressed is at least 40 px high and wide. */
async function fits(where: string): Promise<void> {
  expect.soft(await page.evaluate(() => document.documentElement.scrollWidth), where).toBeLessThanOrEqual(390);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, select, a[href], input:not([type=checkbox])')]
      .filter((element) => element.checkVisibility() && !element.closest('.monaco-editor, .xterm'))
      .map((element) => ({
        box: element.getBoundingClientRect(),
        name: element.getAttribute('aria-label') ?? element.textContent?.trim(),
      }))
      .filter(({ box }) => box.width > 0 && (box.height < 40 || box.width < 40))
      .map(({ box, name }) => `${name}: ${Math.round(box.width)}x${Math.round(box.height)}`),
  );
  // soft: all that is too small is worth knowing at once
  expect.soft(small, where).toEqual([]);
}

test('says plainly that there is no Linux, and shows the cluster', async () => {
  await expect(page.getByText('No Linux here').first()).toBeVisible();
  await expect(page.getByRole('status').first()).toContainText('2 nodes ready');
  await fits('cluster');
  expect.soft(await seriousProblems(page)).toEqual([]);
});

test('applies from the editor', async () => {
  await page.getByRole('button', { name: 'Open it' }).tap();
  await fits('editor');
  await page.getByRole('button', { name: /^Apply/ }).tap();
  await expect(page.getByText('deployment.apps/web created')).toBeVisible();
  await fits('answer');
  expect.soft(await seriousProblems(page)).toEqual([]);
  await waitFor(page, 'get deployment web', (stdout) => /\s2\/2\s/.test(stdout));
});

test('pauses and steps in the timeline', async () => {
  await page.getByRole('button', { name: 'Pause the cluster' }).tap();
  await page.evaluate(() => void window.drydock.kubectl('scale deployment web --replicas=3'));
  await pane(/^Timeline/).tap();
  const panel = page.getByRole('region', { name: 'Steps that wait' });
  await expect(panel.getByText('patch Deployment/scale default/web')).toBeVisible();
  await fits('stepping');
  expect.soft(await seriousProblems(page)).toEqual([]);
  for (let i = 0; i < 4; i++) {
    await panel.getByRole('button', { name: 'Next n' }).tap();
    await expect(panel.getByText(new RegExp(`${i + 1} let through`))).toBeVisible();
    await expect
      .poll(() => page.evaluate(() => window.drydock.cluster?.conductor.state.waiting.length))
      .toBeGreaterThan(0);
  }
  await page.getByRole('button', { name: 'Resume the cluster' }).tap();
  await waitFor(page, 'get deployment web', (stdout) => /\s3\/3\s/.test(stdout));
});

test('opens a pod, asks why, and comes back', async () => {
  await pane(/^Cluster/).tap();
  await page
    .getByRole('button', { name: /^Pod web \w+ Running/ })
    .first()
    .tap();
  await fits('inspector');
  await page.getByRole('tab', { name: 'Why?' }).tap();
  await expect(page.getByText(/create Pod default\/web-/).first()).toBeVisible();
  await page
    .getByRole('button', { name: /create Pod default\/web-/ })
    .first()
    .tap();
  await expect(page.getByText(/^Why: /)).toBeVisible();
  await fits('why');
  await page.getByRole('button', { name: 'Back to everything' }).tap();
});

test('fast-forwards from the clock menu', async () => {
  const before = await page.evaluate(() => window.drydock.cluster?.clock.now() ?? 0);
  await page.getByRole('button', { name: /The cluster's clock/ }).tap();
  await fits('clock menu');
  await page.getByRole('menuitem', { name: /\+1 min/ }).tap();
  await expect
    .poll(() => page.evaluate((start) => (window.drydock.cluster?.clock.now() ?? 0) - start, before), {
      timeout: 180_000,
    })
    .toBeGreaterThan(60_000);
  await waitFor(page, 'get deployment web', (stdout) => /\s3\/3\s/.test(stdout));
});

test('terminal, preview and lesson fit', async () => {
  await pane(/^Terminal/).tap();
  await expect(page.locator('.xterm')).toBeVisible();
  await fits('terminal');
  await page.getByRole('tab', { name: 'Preview' }).tap();
  await fits('preview');
  await pane(/^Lesson/).tap();
  await page.getByRole('button', { name: /From YAML to process/ }).tap();
  await expect(page.getByRole('heading', { name: /A wish, written down/ })).toBeVisible({ timeout: 180_000 });
  await fits('lesson');
  expect.soft(await seriousProblems(page)).toEqual([]);
});
