// Class A of the official conformance suite, part two: what is particular to one kind or to the API as such. Named as the official tests.

import { describe, expect, test } from 'vitest';
import { applyPatch, jsonPatch, mergePatch, strategicPatch, useCluster, type Watching } from './cluster.ts';

const cluster = useCluster();
const { must, call, watch, until } = cluster;

// biome-ignore lint/suspicious/noExplicitAny: objects of every kind
type Any = any;

const container = { name: 'c', image: 'busybox' };
const deployment = (name: string, replicas = 1) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: name } },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
  },
});
const configMap = (name: string, data = {}, labels = {}) => ({ metadata: { name, labels }, data });

describe('the server', () => {
  test('AggregatedDiscovery should support aggregated discovery interface', async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    for (const path of ['/api', '/apis']) {
      const { body, headers } = await call('GET', path, undefined, { accept });
      expect(body.kind).toBe('APIGroupDiscoveryList');
      expect(headers.get('content-type')).toBe(accept);
    }
    const { body } = await call('GET', '/apis', undefined, { accept });
    const apps = body.items.find((item: Any) => item.metadata.name === 'apps');
    expect(apps.versions[0].resources.map((each: Any) => each.resource)).toContain('deployments');
  });

  test('AggregatedDiscovery should support raw aggregated discovery endpoint Accept headers', async () => {
    for (const [accept, kind] of [
      ['application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList', 'APIGroupDiscoveryList'],
      ['application/json', 'APIGroupList'],
      [
        'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json',
        'APIGroupDiscoveryList',
      ],
      ['application/json;g=apidiscovery.k8s.io;v=v7;as=APIGroupDiscoveryList,application/json', 'APIGroupList'],
    ] as const)
      expect((await call('GET', '/apis', undefined, { accept })).body.kind).toBe(kind);
  });

  test('Discovery should locate the groupVersion and a resource within each APIGroup', async () => {
    const { groups } = await must(200, 'GET', '/apis');
    expect(groups.length).toBeGreaterThan(15);
    for (const group of groups) {
      const { groupVersion } = group.preferredVersion;
      const list = await must(200, 'GET', `/apis/${groupVersion}`);
      expect(list.groupVersion).toBe(groupVersion);
      expect(list.resources.length, groupVersion).toBeGreaterThan(0);
    }
    const core = await must(200, 'GET', '/api/v1');
    expect(core.resources.find((each: Any) => each.name === 'pods')).toMatchObject({ kind: 'Pod', namespaced: true });
  });

  test('Discovery should validate PreferredVersion for each APIGroup', async () => {
    const { groups } = await must(200, 'GET', '/apis');
    for (const group of groups) {
      const one = await must(200, 'GET', `/apis/${group.name}`);
      expect(one.preferredVersion).toEqual(group.preferredVersion);
      expect(one.versions).toContainEqual(one.preferredVersion);
    }
  });

  test('server version should find the server version', async () => {
    const version = await must(200, 'GET', '/version');
    expect(version).toMatchObject({ major: '1', minor: '36', gitVersion: expect.stringMatching(/^v1\.36\.\d+/) });
  });

  test('Servers with support for Table transformation should return a 406 for a backend which does not implement metadata', async () => {
    const review = {
      spec: { resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods' } },
    };
    const { code, body } = await call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    expect(code).toBe(406);
    expect(body.reason).toBe('NotAcceptable');
  });

  test('Servers with support for API chunking should return chunks of results for list calls', async () => {
    const namespace = await cluster.namespace();
    const path = `/api/v1/namespaces/${namespace}/podtemplates`;
    for (let i = 0; i < 20; i++)
      await must(201, 'POST', path, {
        metadata: { name: `template-${String(i).padStart(4, '0')}` },
        template: { spec: { containers: [container] } },
      });
    const found: string[] = [];
    let token = '';
    let version = '';
    do {
      const { metadata, items } = await must(200, 'GET', `${path}?limit=7&continue=${encodeURIComponent(token)}`);
      version ||= metadata.resourceVersion;
      expect(metadata.resourceVersion).toBe(version);
      found.push(...items.map((item: Any) => item.metadata.name));
      token = metadata.continue ?? '';
      if (token) expect(metadata.remainingItemCount).toBe(20 - found.length);
      else expect(metadata.remainingItemCount).toBeUndefined();
    } while (token);
    expect(found).toHaveLength(20);
    expect([...found].sort()).toEqual(found);
    expect((await must(200, 'GET', `${path}?limit=7&resourceVersion=${version}`)).items).toHaveLength(7);
  });

  test('API Server should have Endpoints and EndpointSlices pointing to API Server', async () => {
    const endpoints = await must(200, 'GET', '/api/v1/namespaces/default/endpoints/kubernetes');
    const slice = await must(
      200,
      'GET',
      '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dkubernetes',
    );
    const addresses = endpoints.subsets.flatMap((subset: Any) => subset.addresses.map((each: Any) => each.ip));
    expect(addresses.length).toBeGreaterThan(0);
    expect(slice.items.flatMap((item: Any) => item.endpoints.flatMap((each: Any) => each.addresses))).toEqual(
      addresses,
    );
    expect(slice.items[0].ports).toEqual([expect.objectContaining({ name: 'https', protocol: 'TCP' })]);
  });

  test('API Server should provide secure master service', async () => {
    const { spec } = await must(200, 'GET', '/api/v1/namespaces/default/services/kubernetes');
    expect(spec.ports).toContainEqual(expect.objectContaining({ name: 'https', port: 443 }));
  });

  test('Services should find a service from listing all namespaces', async () => {
    const { items } = await must(200, 'GET', '/api/v1/services');
    expect(items.map(({ metadata }: Any) => `${metadata.namespace}/${metadata.name}`)).toContain('default/kubernetes');
  });
});

describe('watches', () => {
  const events = async (watching: Watching, count: number) => {
    const out: string[] = [];
    for (let i = 0; i < count; i++) {
      const { type, object } = await watching.next();
      out.push(`${type} ${object.metadata.name} ${object.data?.['mutation'] ?? ''}`.trim());
    }
    return out;
  };

  test('Watchers should observe add, update, and delete watch notifications on configmaps', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/configmaps`;
    const a = await watch(`${path}?watch=1&labelSelector=watch%3Da`);
    const b = await watch(`${path}?watch=1&labelSelector=watch%3Db`);
    const both = await watch(`${path}?watch=1&labelSelector=watch+in+(a,b)`);
    await must(201, 'POST', path, configMap('x', {}, { watch: 'a' }));
    await must(200, 'PATCH', `${path}/x`, { data: { mutation: '1' } }, mergePatch);
    await must(200, 'DELETE', `${path}/x`);
    await must(201, 'POST', path, configMap('y', {}, { watch: 'b' }));
    await must(200, 'DELETE', `${path}/y`);
    const life = ['ADDED x', 'MODIFIED x 1', 'DELETED x 1'];
    expect(await events(a, 3)).toEqual(life);
    expect(await events(b, 2)).toEqual(['ADDED y', 'DELETED y']);
    expect(await events(both, 5)).toEqual([...life, 'ADDED y', 'DELETED y']);
    for (const each of [a, b, both]) each.stop();
  });

  test('Watchers should be able to start watching from a specific resource version', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/configmaps`;
    await must(201, 'POST', path, configMap('x'));
    const first = await must(200, 'PATCH', `${path}/x`, { data: { mutation: '1' } }, mergePatch);
    await must(200, 'PATCH', `${path}/x`, { data: { mutation: '2' } }, mergePatch);
    await must(200, 'DELETE', `${path}/x`);
    const watching = await watch(
      `${path}?watch=1&fieldSelector=metadata.name%3Dx&resourceVersion=${first.metadata.resourceVersion}`,
    );
    expect(await events(watching, 2)).toEqual(['MODIFIED x 2', 'DELETED x 2']);
    watching.stop();
  });

  test('Watchers should be able to restart watching from the last resource version observed by the previous watch', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/configmaps`;
    const watching = await watch(`${path}?watch=1&labelSelector=watch%3Da`);
    await must(201, 'POST', path, configMap('x', {}, { watch: 'a' }));
    await watching.next();
    await must(200, 'PATCH', `${path}/x`, { data: { mutation: '1' } }, mergePatch);
    const { object } = await watching.next();
    watching.stop();
    await must(200, 'PATCH', `${path}/x`, { data: { mutation: '2' } }, mergePatch);
    await must(200, 'DELETE', `${path}/x`);
    const again = await watch(
      `${path}?watch=1&labelSelector=watch%3Da&resourceVersion=${object.metadata.resourceVersion}`,
    );
    expect(await events(again, 2)).toEqual(['MODIFIED x 2', 'DELETED x 2']);
    again.stop();
  });

  test('Watchers should observe an object deletion if it stops meeting the requirements of the selector', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/configmaps`;
    const label = (value: string) =>
      must(200, 'PATCH', `${path}/x`, { metadata: { labels: { watch: value } } }, mergePatch);
    const watching = await watch(`${path}?watch=1&labelSelector=watch%3Da`);
    await must(201, 'POST', path, configMap('x', {}, { watch: 'a' }));
    await must(200, 'PATCH', `${path}/x`, { data: { mutation: '1' } }, mergePatch);
    await label('b');
    await must(200, 'PATCH', `${path}/x`, { data: { mutation: '2' } }, mergePatch);
    await label('a');
    await must(200, 'DELETE', `${path}/x`);
    expect(await events(watching, 5)).toEqual(['ADDED x', 'MODIFIED x 1', 'DELETED x 1', 'ADDED x 2', 'DELETED x 2']);
    watching.stop();
  });

  test('Watchers should receive events on concurrent watches in same order', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/configmaps`;
    const { metadata } = await must(200, 'GET', path);
    const writing = (async () => {
      for (let i = 0; i < 30; i++) {
        await must(201, 'POST', path, configMap(`x${i}`));
        if (i % 2) await must(200, 'DELETE', `${path}/x${i - 1}`);
        else await must(200, 'PATCH', `${path}/x${i}`, { data: { mutation: '1' } }, mergePatch);
      }
    })();
    const count = 30 + 15 + 15;
    const all = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const watching = await watch(`${path}?watch=1&resourceVersion=${metadata.resourceVersion}`);
        const seen = await events(watching, count);
        watching.stop();
        return seen;
      }),
    );
    await writing;
    for (const each of all) expect(each).toEqual(all[0]);
  });
});

describe('namespaces and quota', () => {
  test('Namespaces [Serial] should patch a Namespace', async () => {
    const name = await cluster.namespace();
    const patched = await must(
      200,
      'PATCH',
      `/api/v1/namespaces/${name}`,
      { metadata: { labels: { testLabel: 'testValue' } } },
      strategicPatch,
    );
    expect(patched.metadata.labels['testLabel']).toBe('testValue');
  });

  test('Namespaces [Serial] should apply an update to a Namespace', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}`;
    const read = await must(200, 'GET', path);
    read.metadata.labels['updated'] = 'yes';
    expect((await must(200, 'PUT', path, read)).metadata.labels['updated']).toBe('yes');
  });

  test('Namespaces [Serial] should apply changes to a namespace status', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}`;
    const condition = { type: 'StatusPatch', status: 'True', reason: 'E2E', message: 'Patched by an e2e test' };
    const patched = await must(200, 'PATCH', `${path}/status`, { status: { conditions: [condition] } }, mergePatch);
    expect(patched.status.conditions).toContainEqual(expect.objectContaining(condition));
    patched.status.conditions.push({ ...condition, type: 'StatusUpdate' });
    const updated = await must(200, 'PUT', `${path}/status`, patched);
    expect(updated.status.conditions.map(({ type }: Any) => type)).toEqual(['StatusPatch', 'StatusUpdate']);
  });

  test('OrderedNamespaceDeletion namespace deletion should delete pod first', async () => {
    const name = await cluster.namespace();
    const path = `/api/v1/namespaces/${name}`;
    const held = { finalizers: ['e2e.example.com/finalizer'] };
    await must(201, 'POST', `${path}/pods`, {
      metadata: { name: 'pod', ...held },
      spec: { containers: [container], terminationGracePeriodSeconds: 1 },
    });
    await must(201, 'POST', `${path}/configmaps`, { metadata: { name: 'map', ...held } });
    await must(200, 'DELETE', path);
    await until(`${path}/pods/pod`, ({ body }) => body.metadata?.deletionTimestamp !== undefined);
    const { body } = await until(path, ({ body: namespace }) =>
      (namespace.status?.conditions ?? []).some(
        ({ type, status }: Any) =>
          type === 'NamespaceDeletionContentFailure' || (/Remaining/.test(type) && status === 'True'),
      ),
    );
    expect(body.status.phase).toBe('Terminating');
    expect((await must(200, 'GET', `${path}/configmaps/map`)).metadata.deletionTimestamp).toBeUndefined();
    await must(200, 'PATCH', `${path}/pods/pod`, { metadata: { finalizers: null } }, mergePatch);
    await until(`${path}/configmaps/map`, ({ body: map }) => map.metadata?.deletionTimestamp !== undefined);
    await must(200, 'PATCH', `${path}/configmaps/map`, { metadata: { finalizers: null } }, mergePatch);
    await until(path, ({ code }) => code === 404);
  }, 60_000);

  test('ResourceQuota should manage the lifecycle of a ResourceQuota', async () => {
    const name = await cluster.namespace();
    const path = `/api/v1/namespaces/${name}/resourcequotas`;
    await must(201, 'POST', path, {
      metadata: { name: 'q', labels: { e2e: 'yes' } },
      spec: { hard: { cpu: '1', memory: '500Mi' } },
    });
    expect((await must(200, 'GET', `${path}/q`)).spec.hard).toEqual({ cpu: '1', memory: '500Mi' });
    expect((await must(200, 'GET', '/api/v1/resourcequotas?labelSelector=e2e%3Dyes')).items).toHaveLength(1);
    const patched = await must(200, 'PATCH', `${path}/q`, { spec: { hard: { memory: '750Mi' } } }, strategicPatch);
    expect(patched.spec.hard.memory).toBe('750Mi');
    const status = await must(200, 'PATCH', `${path}/q/status`, { status: { hard: { memory: '750Mi' } } }, mergePatch);
    expect(status.status.hard.memory).toBe('750Mi');
    await must(200, 'DELETE', `${path}?labelSelector=e2e%3Dyes`);
    await until(`${path}/q`, ({ code }) => code === 404);
  });
});

describe('who one is', () => {
  test('ServiceAccounts should allow opting out of API token automount', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}`;
    for (const [name, mount] of [
      ['mount', true],
      ['nomount', false],
    ] as const)
      await must(201, 'POST', `${path}/serviceaccounts`, { metadata: { name }, automountServiceAccountToken: mount });
    for (const [account, own, mounted] of [
      ['default', undefined, true],
      ['default', false, false],
      ['mount', undefined, true],
      ['mount', false, false],
      ['nomount', undefined, false],
      ['nomount', true, true],
    ] as const) {
      const pod = await must(201, 'POST', `${path}/pods`, {
        metadata: { generateName: 'pod-' },
        spec: {
          serviceAccountName: account,
          containers: [container],
          ...(own !== undefined && { automountServiceAccountToken: own }),
        },
      });
      const mounts = (pod.spec.containers[0].volumeMounts ?? []).map(({ mountPath }: Any) => mountPath);
      expect(mounts.includes('/var/run/secrets/kubernetes.io/serviceaccount'), `${account} ${own}`).toBe(mounted);
    }
  });

  test('ServiceAccounts should create a serviceAccountToken and ensure a successful TokenReview', async () => {
    const namespace = await cluster.namespace();
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await must(201, 'POST', path, { metadata: { name: 'robot' } });
    const { status } = await must(201, 'POST', `${path}/robot/token`, { spec: { expirationSeconds: 3600 } });
    const review = await must(201, 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      spec: { token: status.token },
    });
    expect(review.status).toMatchObject({
      authenticated: true,
      user: { username: `system:serviceaccount:${namespace}:robot` },
    });
    await must(200, 'DELETE', `${path}/robot`);
    const gone = await must(201, 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      spec: { token: status.token },
    });
    expect(gone.status.authenticated ?? false).toBe(false);
  });

  test('ServiceAccounts should update a ServiceAccount', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/serviceaccounts`;
    const made = await must(201, 'POST', path, { metadata: { name: 'robot' } });
    made.automountServiceAccountToken = false;
    expect((await must(200, 'PUT', `${path}/robot`, made)).automountServiceAccountToken).toBe(false);
  });

  test('SubjectReview should support SubjectReview API operations', async () => {
    const namespace = await cluster.namespace();
    const user = `system:serviceaccount:${namespace}:default`;
    const attributes = { verb: 'list', resource: 'configmaps', version: 'v1', namespace };
    const ask = async () =>
      (
        await must(201, 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
          spec: { user, resourceAttributes: attributes },
        })
      ).status.allowed;
    expect(await ask()).toBe(false);
    await must(201, 'POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
      metadata: { name: 'viewers' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
    });
    expect(await ask()).toBe(true);
    const local = await must(
      201,
      'POST',
      `/apis/authorization.k8s.io/v1/namespaces/${namespace}/localsubjectaccessreviews`,
      { metadata: { namespace }, spec: { user, resourceAttributes: attributes } },
    );
    expect(local.status.allowed).toBe(true);
    const self = await call(
      'POST',
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      { spec: { resourceAttributes: { ...attributes, verb: 'delete' } } },
      { 'impersonate-user': user },
    );
    expect(self.body.status.allowed).toBe(false);
  });
});

describe('collections', () => {
  test('Events should delete a collection of events', async () => {
    const namespace = await cluster.namespace();
    const path = `/api/v1/namespaces/${namespace}/events`;
    for (const i of [1, 2, 3])
      await must(201, 'POST', path, {
        metadata: { name: `e${i}`, labels: { set: 'mine' } },
        involvedObject: { namespace },
        message: 'This is a test',
        reason: 'Test',
      });
    await must(200, 'DELETE', `${path}?labelSelector=set%3Dmine`);
    expect((await must(200, 'GET', `${path}?labelSelector=set%3Dmine`)).items).toHaveLength(0);
  });

  test('Events API should delete a collection of events', async () => {
    const namespace = await cluster.namespace();
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    for (const i of [1, 2, 3])
      await must(201, 'POST', path, {
        metadata: { name: `e${i}`, labels: { set: 'mine' } },
        regarding: { namespace },
        reason: 'Test',
        action: 'Do',
        type: 'Normal',
        note: 'n',
        eventTime: '2024-01-01T00:00:00.000000Z',
        reportingController: 'test-controller',
        reportingInstance: 'test-node',
      });
    expect((await must(200, 'GET', `${path}?labelSelector=set%3Dmine`)).items).toHaveLength(3);
    await must(200, 'DELETE', `${path}?labelSelector=set%3Dmine`);
    expect((await must(200, 'GET', `${path}?labelSelector=set%3Dmine`)).items).toHaveLength(0);
  });

  test('Services should delete a collection of services', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/services`;
    for (const i of [1, 2, 3])
      await must(201, 'POST', path, {
        metadata: { name: `s${i}`, labels: { set: i < 3 ? 'a' : 'b' } },
        spec: { ports: [{ port: 80 }] },
      });
    await must(200, 'DELETE', `${path}?labelSelector=set%3Da`);
    expect((await must(200, 'GET', path)).items.map(({ metadata }: Any) => metadata.name)).toEqual(['s3']);
  });

  test('Services should complete a service status lifecycle', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/services`;
    await must(201, 'POST', path, { metadata: { name: 's' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
    const ingress = [{ ip: '203.0.113.1' }];
    const patched = await must(200, 'PATCH', `${path}/s/status`, { status: { loadBalancer: { ingress } } }, mergePatch);
    expect(patched.status.loadBalancer.ingress[0]).toMatchObject(ingress[0] as object);
    patched.status.conditions = [
      {
        type: 'StatusUpdate',
        status: 'True',
        reason: 'E2E',
        message: 'Set',
        lastTransitionTime: '2024-01-01T00:00:00Z',
      },
    ];
    const updated = await must(200, 'PUT', `${path}/s/status`, patched);
    expect(updated.status.conditions[0].type).toBe('StatusUpdate');
    expect((await must(200, 'GET', `${path}/s/status`)).status.conditions).toHaveLength(1);
  });

  test('PodTemplates should delete a collection of pod templates', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/podtemplates`;
    for (const i of [1, 2, 3])
      await must(201, 'POST', path, {
        metadata: { name: `t${i}`, labels: { set: 'mine' } },
        template: { spec: { containers: [container] } },
      });
    await must(200, 'DELETE', `${path}?labelSelector=set%3Dmine`);
    expect((await must(200, 'GET', path)).items).toHaveLength(0);
  });

  test('PodTemplates should replace a pod template', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/podtemplates`;
    const made = await must(201, 'POST', path, {
      metadata: { name: 't' },
      template: { spec: { containers: [container] } },
    });
    made.metadata.annotations = { updated: 'true' };
    expect((await must(200, 'PUT', `${path}/t`, made)).metadata.annotations).toEqual({ updated: 'true' });
  });
});

describe('config maps and secrets', () => {
  for (const kind of ['configmaps', 'secrets'] as const) {
    const title = kind === 'configmaps' ? 'ConfigMap' : 'Secrets';
    test(
      kind === 'configmaps'
        ? 'ConfigMap should fail to create ConfigMap with empty key'
        : 'Secrets should fail to create secret due to empty secret key',
      async () => {
        const path = `/api/v1/namespaces/${await cluster.namespace()}/${kind}`;
        const status = await must(422, 'POST', path, { metadata: { name: 'x' }, data: { '': 'dmFsdWU=' } });
        expect(status.message).toContain('data[]: Invalid value: ""');
      },
    );

    test(`${title} should be immutable if \`immutable\` field is set`, async () => {
      const path = `/api/v1/namespaces/${await cluster.namespace()}/${kind}`;
      const made = await must(201, 'POST', path, { metadata: { name: 'x' }, data: { a: 'dmFsdWU=' } });
      made.data.a = 'b3RoZXI=';
      const changed = await must(200, 'PUT', `${path}/x`, made);
      changed.immutable = true;
      const fixed = await must(200, 'PUT', `${path}/x`, changed);
      const message = (await must(422, 'PUT', `${path}/x`, { ...fixed, data: { a: 'dmFsdWU=' } })).message;
      expect(message).toContain('data: Forbidden: field is immutable when `immutable` is set');
      expect((await must(422, 'PUT', `${path}/x`, { ...fixed, immutable: false })).message).toContain(
        'immutable: Forbidden: field is immutable when `immutable` is set',
      );
      fixed.metadata.labels = { still: 'allowed' };
      await must(200, 'PUT', `${path}/x`, fixed);
      await must(200, 'DELETE', `${path}/x`);
    });
  }

  test('ConfigMap should update ConfigMap successfully [NodeConformance]', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/configmaps`;
    const made = await must(201, 'POST', path, configMap('x', { a: 'b' }));
    made.data = { b: 'value' };
    expect((await must(200, 'PUT', `${path}/x`, made)).data).toEqual({ b: 'value' });
  });
});

describe('pods', () => {
  const pod = (name: string, spec = {}) => ({ metadata: { name }, spec: { containers: [container], ...spec } });

  test('Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/pods`;
    const resources = { cpu: '100m', memory: '100Mi' };
    const made = await must(
      201,
      'POST',
      path,
      pod('p', { containers: [{ ...container, resources: { requests: resources, limits: resources } }] }),
    );
    expect(made.status.qosClass).toBe('Guaranteed');
  });

  test('RuntimeClass should reject a Pod requesting a non-existent RuntimeClass [NodeConformance]', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/pods`;
    const status = await must(403, 'POST', path, pod('p', { runtimeClassName: 'nonexistent' }));
    expect(status.message).toContain('pod rejected: RuntimeClass "nonexistent" not found');
  });

  test('RuntimeClass should reject a Pod requesting a deleted RuntimeClass [NodeConformance]', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/pods`;
    const classes = '/apis/node.k8s.io/v1/runtimeclasses';
    await must(201, 'POST', classes, { metadata: { name: 'brief' }, handler: 'runc' });
    await must(201, 'POST', path, pod('p', { runtimeClassName: 'brief' }));
    await must(200, 'DELETE', `${classes}/brief`);
    const status = await must(403, 'POST', path, pod('q', { runtimeClassName: 'brief' }));
    expect(status.message).toContain('RuntimeClass "brief" not found');
  });

  test('Sysctls [LinuxOnly] [NodeConformance] should reject invalid sysctls', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/pods`;
    const sysctls = [
      { name: 'foo-', value: 'bar' },
      { name: 'kernel.shmmax', value: '100000000' },
      { name: 'safe-and-unsafe', value: '100000000' },
      { name: 'bar..', value: '42' },
    ];
    const { message } = await must(422, 'POST', path, pod('p', { securityContext: { sysctls } }));
    expect(message).toContain('spec.securityContext.sysctls[0].name: Invalid value: "foo-"');
    expect(message).toContain('spec.securityContext.sysctls[3].name: Invalid value: "bar.."');
    expect(message).not.toContain('kernel.shmmax');
  });

  test('LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied.', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}`;
    await must(201, 'POST', `${path}/limitranges`, {
      metadata: { name: 'limits' },
      spec: {
        limits: [
          {
            type: 'Container',
            min: { cpu: '50m', memory: '100Mi' },
            max: { cpu: '500m', memory: '500Mi' },
            default: { cpu: '500m', memory: '500Mi' },
            defaultRequest: { cpu: '100m', memory: '200Mi' },
            maxLimitRequestRatio: {},
          },
        ],
      },
    });
    const made = await must(201, 'POST', `${path}/pods`, pod('p'));
    expect(made.spec.containers[0].resources).toEqual({
      requests: { cpu: '100m', memory: '200Mi' },
      limits: { cpu: '500m', memory: '500Mi' },
    });
    const small = { resources: { requests: { cpu: '10m', memory: '50Mi' } } };
    await must(403, 'POST', `${path}/pods`, pod('small', { containers: [{ ...container, ...small }] }));
    const big = { resources: { requests: { cpu: '600m' }, limits: { cpu: '600m', memory: '600Mi' } } };
    await must(403, 'POST', `${path}/pods`, pod('big', { containers: [{ ...container, ...big }] }));
  });

  test('CSIInlineVolumes should support CSIVolumeSource in Pod API', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/pods`;
    const csi = { driver: 'e2e.example.com', readOnly: true, volumeAttributes: { a: 'b' } };
    const made = await must(201, 'POST', path, pod('p', { volumes: [{ name: 'v', csi }] }));
    expect(made.spec.volumes[0].csi).toEqual(csi);
    await must(200, 'DELETE', `${path}/p?gracePeriodSeconds=0`);
  });
});

describe('admission policies', () => {
  const rule = (operations: string[]) => ({
    matchConstraints: {
      resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations, resources: ['deployments'] }],
    },
  });
  const base = '/apis/admissionregistration.k8s.io/v1';
  const here = (namespace: string) => ({
    matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
  });
  /** Asks with dry runs until the policy is in force. */
  async function inForce(path: string, body: object, holds: (answer: { code: number; body: Any }) => boolean) {
    for (let i = 0; i < 100; i++) {
      if (holds(await call('POST', `${path}?dryRun=All`, body))) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  test('ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should validate against a Deployment', async () => {
    const namespace = await cluster.namespace();
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    await must(201, 'POST', `${base}/validatingadmissionpolicies`, {
      metadata: { name: 'replicas' },
      spec: { ...rule(['CREATE', 'UPDATE']), validations: [{ expression: 'object.spec.replicas > 1' }] },
    });
    await must(201, 'POST', `${base}/validatingadmissionpolicybindings`, {
      metadata: { name: 'replicas' },
      spec: { policyName: 'replicas', validationActions: ['Deny'], ...here(namespace) },
    });
    await inForce(path, deployment('marker', 1), ({ code }) => code !== 201);
    const { message } = await must(422, 'POST', path, deployment('bad', 1));
    expect(message).toContain("ValidatingAdmissionPolicy 'replicas' with binding 'replicas' denied request");
    await must(201, 'POST', path, deployment('good', 2));
  });

  test('ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should allow expressions to refer variables.', async () => {
    const namespace = await cluster.namespace();
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    await must(201, 'POST', `${base}/validatingadmissionpolicies`, {
      metadata: { name: 'variables' },
      spec: {
        ...rule(['CREATE']),
        variables: [
          { name: 'replicas', expression: 'object.spec.replicas' },
          { name: 'oddReplicas', expression: 'variables.replicas % 2 == 1' },
        ],
        validations: [{ expression: 'variables.replicas > 1' }, { expression: 'variables.oddReplicas' }],
      },
    });
    await must(201, 'POST', `${base}/validatingadmissionpolicybindings`, {
      metadata: { name: 'variables' },
      spec: { policyName: 'variables', validationActions: ['Deny'], ...here(namespace) },
    });
    await inForce(path, deployment('marker', 1), ({ code }) => code !== 201);
    await must(422, 'POST', path, deployment('even', 2));
    await must(201, 'POST', path, deployment('odd', 3));
  });

  for (const annotated of [false, true])
    test(`MutatingAdmissionPolicy [Privileged:ClusterAdmin] should mutate a Deployment${annotated ? ' with annotations' : ''}`, async () => {
      const namespace = await cluster.namespace();
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
      const name = annotated ? 'annotations' : 'labels';
      await must(201, 'POST', `${base}/mutatingadmissionpolicies`, {
        metadata: { name },
        spec: {
          ...rule(['CREATE']),
          reinvocationPolicy: 'Never',
          mutations: [
            {
              patchType: 'ApplyConfiguration',
              applyConfiguration: { expression: `Object{metadata: Object.metadata{${name}: {"made": "here"}}}` },
            },
          ],
        },
      });
      await must(201, 'POST', `${base}/mutatingadmissionpolicybindings`, {
        metadata: { name },
        spec: { policyName: name, ...here(namespace) },
      });
      await inForce(path, deployment('marker', 1), ({ body }) => body.metadata?.[name]?.['made'] === 'here');
      const made = await must(201, 'POST', path, deployment('x'));
      expect(made.metadata[name]).toMatchObject({ made: 'here' });
      expect(made.metadata.labels['app']).toBe('x');
    });
});

describe('fields', () => {
  test('FieldValidation should detect unknown and duplicate fields of a typed object', async () => {
    const path = `/apis/apps/v1/namespaces/${await cluster.namespace()}/deployments`;
    const text = JSON.stringify(deployment('x')).replace('"replicas":1', '"replicas":1,"replicas":2,"unknownNested":1');
    const strict = await must(400, 'POST', `${path}?fieldValidation=Strict`, text);
    expect(strict.message).toContain('strict decoding error: duplicate field "spec.replicas"');
    expect(strict.message).toContain('unknown field "spec.unknownNested"');
    const warn = await call('POST', `${path}?fieldValidation=Warn`, text);
    expect(warn.code).toBe(201);
    expect(warn.headers.get('warning')).toContain('unknown field \\"spec.unknownNested\\"');
    expect(warn.headers.get('warning')).toContain('duplicate field \\"spec.replicas\\"');
    const apply = await must(
      400,
      'PATCH',
      `${path}/y?fieldManager=me&fieldValidation=Strict`,
      JSON.stringify({ ...deployment('y'), unknown: 1 }),
      applyPatch,
    );
    expect(apply.message).toContain('.unknown: field not declared in schema');
  });

  test('FieldValidation should detect unknown metadata fields of a typed object', async () => {
    const path = `/apis/apps/v1/namespaces/${await cluster.namespace()}/deployments`;
    const body = deployment('x') as Any;
    body.metadata.unknownMeta = 'unknown';
    body.spec.template.metadata.unknownSubMeta = 'unknown';
    const { message } = await must(400, 'POST', `${path}?fieldValidation=Strict`, body);
    expect(message).toContain('unknown field "metadata.unknownMeta"');
    expect(message).toContain('unknown field "spec.template.metadata.unknownSubMeta"');
  });

  test('a patch of each type changes the same object', async () => {
    const path = `/api/v1/namespaces/${await cluster.namespace()}/configmaps`;
    await must(201, 'POST', path, configMap('x', { a: '1' }));
    await must(200, 'PATCH', `${path}/x`, [{ op: 'add', path: '/data/b', value: '2' }], jsonPatch);
    await must(200, 'PATCH', `${path}/x`, { data: { c: '3' } }, mergePatch);
    await must(200, 'PATCH', `${path}/x`, { data: { d: '4' } }, strategicPatch);
    const applied = await must(
      200,
      'PATCH',
      `${path}/x?fieldManager=me`,
      { apiVersion: 'v1', kind: 'ConfigMap', data: { e: '5' } },
      applyPatch,
    );
    expect(applied.data).toEqual({ a: '1', b: '2', c: '3', d: '4', e: '5' });
  });
});
