// Mistakes people make: each gets upstream's error or condition, and breaks nothing else.

import { expect, test } from '@playwright/test';
import { apply, kubectl, ok, openPage, waitFor } from './drydock.ts';

test.setTimeout(300_000);

const pod = (name: string, container: string) => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
spec:
  containers:
  - name: main
${container.replace(/^/gm, '    ')}
`;

test('each mistake gets its answer', async ({ page }) => {
  await openPage(page);

  await test.step('broken YAML', async () => {
    const result = await apply(page, 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: [x\n');
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/error parsing|error converting YAML to JSON/);
  });
  await test.step('an unknown field', async () => {
    const result = await apply(page, pod('typo', 'image: busybox:1.36\nimagePullPolice: Always'));
    expect(result.stderr).toContain('strict decoding error: unknown field "spec.containers[0].imagePullPolice"');
  });
  await test.step('a wrong type', async () => {
    const result = await apply(page, pod('wrong', 'image: 42'));
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('cannot unmarshal number into Go struct field Container');
  });
  await test.step('a missing required field', async () => {
    const result = await apply(page, 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: empty\nspec:\n  containers: []\n');
    expect(result.stderr).toContain('The Pod "empty" is invalid: spec.containers: Required value');
  });
  await test.step('an invalid name', async () => {
    const result = await apply(page, pod('Not_A_Name', 'image: busybox:1.36'));
    expect(result.stderr).toContain(
      'metadata.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist of',
    );
  });
  await test.step('a stale resourceVersion', async () => {
    await ok(page, 'create configmap stale --from-literal=a=1');
    const status = await page.evaluate(async () => {
      const path = '/api/v1/namespaces/default/configmaps/stale';
      const object = await (await window.drydock.fetch(path)).json();
      const put = (data: Record<string, string>) =>
        window.drydock.fetch(path, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...object, data }),
        });
      await put({ a: '2' });
      return (await put({ a: '3' })).json();
    });
    expect(status).toMatchObject({ kind: 'Status', code: 409, reason: 'Conflict' });
    expect(status.message).toBe(
      'Operation cannot be fulfilled on configmaps "stale": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  await apply(page, pod('no-image', 'image: nosuchimage:1.0'));
  await apply(page, pod('crash', "image: busybox:1.36\ncommand: ['sh', '-c', 'echo going down; exit 3']"));
  await apply(page, pod('huge', "image: busybox:1.36\nresources: {requests: {cpu: '64'}}"));
  await test.step('an image that does not exist', async () => {
    await waitFor(page, 'get pod no-image', (stdout) => /ErrImagePull|ImagePullBackOff/.test(stdout));
    await waitFor(page, 'get pod no-image', (stdout) => /ImagePullBackOff/.test(stdout));
    expect(await ok(page, 'describe pod no-image')).toMatch(/Failed to pull image "nosuchimage:1.0"/);
  });
  await test.step('a container that exits', async () => {
    await waitFor(page, 'get pod crash', (stdout) => /CrashLoopBackOff/.test(stdout), 120_000);
    expect(await ok(page, 'logs crash')).toContain('going down');
    expect(await ok(page, 'describe pod crash')).toMatch(/Exit Code:\s+3/);
  });
  await test.step('a request nothing can hold', async () => {
    const described = await waitFor(page, 'describe pod huge', (stdout) => /FailedScheduling/.test(stdout));
    expect(described).toContain('0/2 nodes are available: 2 Insufficient cpu.');
    expect(await ok(page, 'get pod huge')).toMatch(/Pending/);
  });
  await test.step('nothing else broke', async () => {
    await apply(page, pod('fine', "image: busybox:1.36\ncommand: ['sleep', '3600']"));
    await waitFor(page, 'get pod fine', (stdout) => /1\/1\s+Running/.test(stdout));
    expect((await kubectl(page, 'get pod nosuchpod')).stderr).toBe(
      'Error from server (NotFound): pods "nosuchpod" not found\n',
    );
  });
});
