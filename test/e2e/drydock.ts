// What the end-to-end tests do with the page: open it, run kubectl through window.drydock, wait for what it prints.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, expect, type Page } from '@playwright/test';
import type {} from '../../src/ui/automation.ts';

export interface KubectlResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Opens the page and waits until the API server answers and as many nodes as asked are Ready. */
export async function openPage(page: Page, options: { readyNodes?: number } = {}): Promise<void> {
  await page.goto('/');
  await page.waitForFunction(() => 'drydock' in window);
  await waitFor(page, 'get nodes', (stdout) => count(stdout, /\sReady\s/) >= (options.readyNodes ?? 2), 180_000);
}

/** Opens a page of its own and applies a Deployment; resolves when both of its pods are available. */
export async function openWith(browser: Browser, manifest: string, deployment: string): Promise<Page> {
  const page = await browser.newPage();
  await openPage(page);
  await apply(page, manifest);
  await waitFor(page, `get deployment ${deployment}`, (stdout) => /\s2\/2\s/.test(stdout), 240_000);
  return page;
}

export function kubectl(page: Page, line: string): Promise<KubectlResult> {
  return page.evaluate((text) => window.drydock.kubectl(text), line);
}

/** Runs kubectl and expects success; returns what it printed. */
export async function ok(page: Page, line: string): Promise<string> {
  const result = await kubectl(page, line);
  expect(result.exitCode, `kubectl ${line}\n${result.stderr}`).toBe(0);
  return result.stdout;
}

/** Applies manifests given as text, through the same server-side path as the editor. */
export async function apply(page: Page, manifest: string): Promise<KubectlResult> {
  return page.evaluate(async (text) => {
    window.drydock.files.write('e2e.yaml', text);
    return window.drydock.kubectl('apply -f e2e.yaml');
  }, manifest);
}

/** Polls kubectl until its output satisfies `test`; returns that output. */
export async function waitFor(
  page: Page,
  line: string,
  test: (stdout: string) => boolean,
  timeout = 180_000,
): Promise<string> {
  let last: KubectlResult = { stdout: '', stderr: '', exitCode: -1 };
  await expect
    .poll(
      async () => {
        last = await kubectl(page, line).catch((error: Error) => ({ stdout: '', stderr: error.message, exitCode: -1 }));
        return test(last.stdout);
      },
      { timeout, intervals: [100, 200, 400], message: `kubectl ${line}` },
    )
    .toBe(true)
    .catch((error: Error) => {
      throw new Error(`${error.message}\nlast output:\n${last.stdout}\n${last.stderr}`);
    });
  return last.stdout;
}

/** Lines that match. */
export function count(text: string, pattern: RegExp): number {
  return text.split('\n').filter((line) => pattern.test(line)).length;
}

export const webManifest = `apiVersion: v1
kind: ConfigMap
metadata:
  name: web-config
data:
  GREETING: ahoy
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: nginx
        image: nginx:1.14.2
        ports:
        - containerPort: 80
        env:
        - name: GREETING
          valueFrom:
            configMapKeyRef:
              name: web-config
              key: GREETING
        resources:
          requests:
            cpu: 50m
            memory: 16Mi
          limits:
            memory: 64Mi
        readinessProbe:
          httpGet:
            path: /
            port: 80
          periodSeconds: 2
        startupProbe:
          httpGet:
            path: /
            port: 80
          periodSeconds: 2
          failureThreshold: 60
        livenessProbe:
          httpGet:
            path: /
            port: 80
          periodSeconds: 10
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
  - port: 80
    targetPort: 80
`;

/** What axe-core finds serious or critical on the page as it stands, in one line each. */
export async function seriousProblems(page: Page): Promise<string[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // evaluated by the debugger, not by the page: its CSP forbids inline scripts
  await page.evaluate(axe);
  return page.evaluate(async () => {
    // colours that are still fading are nobody's last word
    const fading = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    await Promise.all(fading.map(({ finished }) => finished.catch(() => {})));
    const { axe } = window as unknown as { axe: typeof import('axe-core') };
    const result = await axe.run(document.body, { resultTypes: ['violations'] });
    return result.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
}

/** The rows of the terminal that is shown. */
export function screenOf(page: Page): Promise<string> {
  return page.evaluate(() => {
    const rows = [...document.querySelectorAll('section.terminal:not(.hidden) .xterm-rows > div')];
    return rows
      .map((row) => (row.textContent ?? '').replaceAll('\u00a0', ' ').trimEnd())
      .join('\n')
      .trimEnd();
  });
}

/** Waits until the terminal shows something. */
export async function seeOnScreen(page: Page, pattern: RegExp, timeout = 90_000): Promise<string> {
  await expect.poll(() => screenOf(page), { timeout, intervals: [100] }).toMatch(pattern);
  return screenOf(page);
}

/** `expect` for what a person waits for on a machine that has other things to do. */
export const patiently = expect.configure({ timeout: 90_000 });
