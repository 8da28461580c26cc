// A Deployment and a Service as the Kubernetes documentation writes them, on Linux nodes: real processes, real addresses, a rolling update without a gap.

import { expect, test } from '@playwright/test';
import { apply, count, kubectl, ok, openPage, waitFor, webManifest } from './drydock.ts';

test.setTimeout(600_000);
// a starved machine may write its packet rules after the replaced pod is gone (docs/differences.md): that is asked twice
test.describe.configure({ retries: 1 });

test('a web server as the docs write it', async ({ page }) => {
  await openPage(page);
  expect(await ok(page, 'get nodes -o wide')).toMatch(/crun/);

  const applied = await apply(page, webManifest);
  expect(applied.stdout).toBe('configmap/web-config created\ndeployment.apps/web created\nservice/web created\n');
  await waitFor(page, 'get deployment web', (stdout) => /\s2\/2\s/.test(stdout), 120_000);
  expect(await ok(page, `get deployment web -o jsonpath="{.status.conditions[?(@.type=='Available')].status}"`)).toBe(
    'True',
  );

  // PID 1 is the server, and it has its environment
  const first = (await ok(page, 'get pods -l app=web -o name')).split('\n')[0] as string;
  expect(await ok(page, `exec ${first} -- cat /proc/1/cmdline`)).toContain('nginx');
  expect(await ok(page, `exec ${first} -- sh -c 'echo $GREETING'`)).toBe('ahoy\n');

  // a client in another pod, through the Service's address
  await ok(page, 'run client --image=busybox:1.36 --restart=Never -- sleep 3600');
  await waitFor(page, 'get pod client', (stdout) => /Running/.test(stdout));
  const address = await ok(page, 'get service web -o jsonpath={.spec.clusterIP}');
  for (let i = 0; i < 8; i++) {
    expect(await ok(page, `exec client -- wget -q -O - -T 5 http://${address}/`)).toMatch(/<html/i);
  }
  // both replicas answered
  const pods = (await ok(page, 'get pods -l app=web -o name')).trim().split('\n');
  expect(pods.length).toBe(2);
  for (const pod of pods)
    expect(count(await ok(page, `logs ${pod}`), /GET \/ HTTP.*(Wget|busybox)/i), `requests in ${pod}`).toBeGreaterThan(
      0,
    );

  // a rolling update under a client that keeps asking
  const script = `n=0; bad=0; until [ -e /tmp/enough ]; do wget -q -O /dev/null -T 30 http://${address}/ || bad=$((bad+1)); n=$((n+1)); sleep 0.5; done; echo asked=$n failed=$bad`;
  const polling = page.evaluate((line) => window.drydock.kubectl(line), `exec client -- sh -c '${script}'`);
  await ok(page, 'set image deployment/web nginx=nginx:1.16.1');
  expect(await ok(page, 'rollout status deployment/web')).toContain('deployment "web" successfully rolled out');
  await waitFor(
    page,
    'get pods -l app=web -o jsonpath={.items[*].spec.containers[0].image}',
    (stdout) => stdout === 'nginx:1.16.1 nginx:1.16.1',
    180_000,
  );
  await ok(page, 'exec client -- touch /tmp/enough');
  const { stdout } = await polling;
  const [asked, failed] = [/asked=(\d+)/, /failed=(\d+)/].map((pattern) => Number(pattern.exec(stdout)?.[1]));
  expect(asked).toBeGreaterThan(10);
  expect(failed, stdout).toBe(0);
  console.log(`rolling update: ${stdout.trim()}`);

  // everything acknowledged is back after a reload
  await page.reload();
  await page.waitForFunction(() => 'drydock' in window);
  await waitFor(
    page,
    'get deployment,service,configmap',
    (stdout) => /deployment.apps\/web/.test(stdout) && /service\/web/.test(stdout),
  );
  await waitFor(page, 'get deployment web', (stdout) => /\s2\/2\s/.test(stdout), 120_000);
  expect((await kubectl(page, 'get pods')).exitCode).toBe(0);
});
