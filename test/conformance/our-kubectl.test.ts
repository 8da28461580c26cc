// Our kubectl at work on a real API server: what it prints, what it changes, how it ends.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { complete } from '../../src/kubectl/index.ts';
import { startWorld, type World } from './our-kubectl.ts';

let world: World;
const deployment = (image: string, extra = '') => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web${extra}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: nginx, image: "${image}", ports: [{containerPort: 80}]}
`;

beforeAll(async () => {
  world = await startWorld();
  world.files.set('sa.yaml', 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\n');
  world.files.set('web.yaml', deployment('nginx:1.27', ', old: "1"'));
  world.files.set(
    'pod.yaml',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p1}\nspec: {containers: [{name: app, image: busybox}]}\n',
  );
  await world.ours('apply -f sa.yaml');
});
afterAll(() => world.stop());

describe('apply', () => {
  test('creates, leaves alone, and changes what changed', async () => {
    expect(await world.ours('apply -f web.yaml')).toEqual({ code: 0, out: 'deployment.apps/web created\n', err: '' });
    expect((await world.ours('apply -f web.yaml')).out).toBe('deployment.apps/web unchanged\n');
    await world.ours('label deployment web by=hand');
    world.files.set('web.yaml', deployment('nginx:1.28'));
    expect((await world.ours('apply -f web.yaml')).out).toBe('deployment.apps/web configured\n');
    const labels = JSON.parse((await world.ours("get deploy web -o jsonpath='{.metadata.labels}'")).out);
    expect(labels).toEqual({ app: 'web', by: 'hand' });
    expect((await world.ours("get deploy web -o jsonpath='{..image}'")).out).toBe('nginx:1.28');
  });

  test('one bad document does not stop the others', async () => {
    world.files.set(
      'mixed.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good}\n---\nkind: Foo\napiVersion: x/v1\nmetadata: {name: bad}\n',
    );
    const ran = await world.ours('apply -f mixed.yaml');
    expect(ran.code).toBe(1);
    expect(ran.out).toBe('configmap/good created\n');
    expect(ran.err).toBe(
      'error: resource mapping not found for name: "bad" namespace: "" from "mixed.yaml": no matches for kind "Foo" in version "x/v1"\nensure CRDs are installed first\n',
    );
  });

  test('what is wrong with a file is said', async () => {
    world.files.set('broken.yaml', 'x: 1\na: b: c\n');
    expect((await world.ours('apply -f broken.yaml')).err).toBe(
      'error: error parsing broken.yaml: error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context\n',
    );
    world.files.set('empty.yaml', 'metadata: {name: x}\n');
    expect((await world.ours('apply -f empty.yaml')).err).toContain(
      'error validating data: [apiVersion not set, kind not set]; if you choose',
    );
    expect((await world.ours('apply -f none.yaml')).err).toBe('error: the path "none.yaml" does not exist\n');
    expect((await world.ours('apply')).err).toBe('error: must specify one of -f and -k\n');
  });

  test('an unknown field is named by the server', async () => {
    world.files.set(
      'unknown.yaml',
      deployment('nginx').replace('replicas:', 'replicaz:').replace('name: web', 'name: other'),
    );
    const ran = await world.ours('apply -f unknown.yaml');
    expect(ran.code).toBe(1);
    expect(ran.err).toBe(
      'Error from server (BadRequest): error when creating "unknown.yaml": Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replicaz"\n',
    );
  });
});

describe('changing objects', () => {
  test('scale, set image, annotate, patch, and their reports', async () => {
    expect((await world.ours('scale deployment/web --replicas=3')).out).toBe('deployment.apps/web scaled\n');
    expect((await world.ours("get deploy web -o jsonpath='{.spec.replicas}'")).out).toBe('3');
    expect((await world.ours('set image deploy/web nginx=nginx:1.29')).out).toBe('deployment.apps/web image updated\n');
    expect((await world.ours('annotate deploy/web a=b')).out).toBe('deployment.apps/web annotated\n');
    expect((await world.ours('label deploy/web app=other')).err).toBe(
      "error: 'app' already has a value (web), and --overwrite is false\n",
    );
    expect((await world.ours(`patch deploy web -p '{"spec":{"replicas":3}}'`)).out).toBe(
      'deployment.apps/web patched (no change)\n',
    );
    expect((await world.ours('scale deployment/web --replicas=4 --current-replicas=9')).err).toBe(
      'error: Expected replicas to be 9, was 3\n',
    );
  });

  test('edit sends what was changed in the editor, and nothing otherwise', async () => {
    const edited = await world.ours('edit deploy web', {
      edit: async (text) => text.replace('replicas: 3', 'replicas: 5'),
    });
    expect(edited).toEqual({ code: 0, out: 'deployment.apps/web edited\n', err: '' });
    expect((await world.ours("get deploy web -o jsonpath='{.spec.replicas}'")).out).toBe('5');
    expect((await world.ours('edit deploy web', { edit: async (text) => text })).err).toBe(
      'Edit cancelled, no changes made.\n',
    );
    const names: string[] = [];
    await world.ours('edit deploy web', {
      edit: async (text, name) => {
        names.push(text.split('\n').slice(0, 6).join('\n'), name);
        return names.length === 2 ? text.replace('replicas: 5', 'replicas: -1') : undefined;
      },
    });
    expect(names[2]).toContain('# deployments.apps "web" was not valid:');
  });

  test('delete waits until the object is gone', async () => {
    await world.ours('create configmap gone --from-literal=a=b');
    expect((await world.ours('delete cm gone')).out).toBe('configmap "gone" deleted from default namespace\n');
    expect((await world.ours('get cm gone')).err).toBe('Error from server (NotFound): configmaps "gone" not found\n');
  });
});

describe('waiting and watching', () => {
  test('a watch shows rows as they come, and ends with Ctrl-C', async () => {
    const stop = new AbortController();
    const { io, ran } = world.io({ signal: stop.signal });
    const { runKubectl } = await import('../../src/kubectl/index.ts');
    const watching = runKubectl('get cm -w --output-watch-events', io);
    while (!ran.out.includes('good')) await new Promise((resolve) => setImmediate(resolve));
    await world.ours('create cm seen --from-literal=a=b');
    while (!ran.out.includes('seen')) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await watching;
    expect(ran.out).toMatch(/^EVENT +NAME +DATA +AGE\nADDED +good +0 +\S+\nADDED +seen +1 +\S+\n$/m);
  });

  test('wait ends when the field has its value', async () => {
    const waiting = world.ours("wait --for=jsonpath='{.data.a}'=c cm/seen --timeout=20s");
    await world.ours(`patch cm seen --type=merge -p '{"data":{"a":"c"}}'`);
    expect(await waiting).toEqual({ code: 0, out: 'configmap/seen condition met\n', err: '' });
  });

  test('rollout status tells what is missing, and gives up in time', async () => {
    const ran = await world.ours('rollout status deploy/web --timeout=100ms');
    expect(ran.out).toBe('Waiting for deployment spec update to be observed...\n');
    expect(ran.err).toBe('error: timed out waiting for the condition\n');
    expect(ran.code).toBe(1);
  });
});

describe('the namespace of the context', () => {
  test('is used until -n says otherwise', async () => {
    await world.ours('create ns team');
    expect((await world.ours('config set-context --current --namespace=team')).out).toBe(
      'Context "kubernetes-admin@drydock" modified.\n',
    );
    expect((await world.ours('get cm')).err).toBe('No resources found in team namespace.\n');
    expect((await world.ours('get cm seen -n default -o name')).out).toBe('configmap/seen\n');
    await world.ours('config set-context --current --namespace=default');
  });
});

describe('completion', () => {
  const offered = async (line: string) => (await complete(line, line.length, world.io().io)).candidates;
  test.each([
    ['kubectl ge', ['get']],
    ['kubectl get deploym', ['deployments']],
    ['kubectl get deploy w', ['web']],
    ['kubectl get deploy/w', ['deploy/web']],
    ['kubectl describe cm se', ['seen']],
    ['kubectl get pods -n def', ['default']],
    ['kubectl get pods --namespace=tea', ['--namespace=team']],
    ['kubectl apply -f we', ['web.yaml']],
    ['kubectl rollout st', ['status']],
    ['kubectl get cm | gr', ['grep']],
    ['kubectl scale --repl', ['--replicas=']],
  ])('%s', async (line, candidates) => {
    expect(await offered(line)).toEqual(candidates);
  });

  test('without a server it still offers what is known here', async () => {
    const { io } = world.io({ fetch: async () => Promise.reject(new Error('down')) });
    expect((await complete('kubectl get p', 13, io)).candidates).toEqual([]);
    expect((await complete('kubectl desc', 12, io)).candidates).toEqual(['describe']);
  });
});

test('a server that does not answer', async () => {
  const ran = await world.ours('get pods', { fetch: async () => Promise.reject(new TypeError('fetch failed')) });
  expect(ran).toEqual({
    code: 1,
    out: '',
    err: 'The connection to the server kube-apiserver:6443 was refused - did you specify the right host or port?\n',
  });
});
