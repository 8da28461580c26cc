// The kubelet on hollow nodes against the real API server, in virtual time.

import { describe, expect, test } from 'vitest';
import { configMaps, leases, nodes, pods, services } from '../client/resources.ts';
import type { NodeNetworkConfig, NodeOs } from '../cri/node-os.ts';
import { sleep } from '../env/clock.ts';
import { boundPod } from './testing/node-world.ts';
import { containersOf, running, sharedWorld, status, waiting, worldWithNode } from './testing/shared-node.ts';

describe('node', () => {
  test('registers, becomes ready, renews its lease', async () => {
    const { world } = await sharedWorld();
    const node = await world.call(world.client.get(nodes, { name: 'node-1' }));
    expect(node.metadata.labels).toMatchObject({
      'kubernetes.io/hostname': 'node-1',
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': '386',
    });
    expect(node.status?.nodeInfo).toMatchObject({
      kubeletVersion: 'v1.36.0',
      osImage: 'Hollow node (no Linux)',
      containerRuntimeVersion: 'hollow://1.0.0',
    });
    expect(node.status?.addresses).toEqual([
      { type: 'InternalIP', address: '172.18.0.2' },
      { type: 'Hostname', address: 'node-1' },
    ]);
    expect(node.status?.capacity).toMatchObject({ cpu: '4', memory: '8Gi', pods: '110' });
    expect(node.status?.conditions?.map((c) => `${c.type} ${c.status} ${c.reason}`)).toEqual([
      'MemoryPressure False KubeletHasSufficientMemory',
      'DiskPressure False KubeletHasNoDiskPressure',
      'PIDPressure False KubeletHasSufficientPID',
      'Ready True KubeletReady',
    ]);
    const read = () => world.call(world.client.get(leases, { namespace: 'kube-node-lease', name: 'node-1' }));
    const before = await read();
    expect(before.spec).toMatchObject({ holderIdentity: 'node-1', leaseDurationSeconds: 40 });
    await world.simulation.run(25_000);
    expect(Date.parse((await read()).spec?.renewTime ?? '')).toBeGreaterThan(Date.parse(before.spec?.renewTime ?? ''));
  });

  test('that comes back stays ready while its network is set up anew', async () => {
    const { world, node } = await worldWithNode();
    world.simulation.kill('node-1');
    const { os } = node.hollow;
    const slow: NodeOs = Object.assign(Object.create(os), {
      configureNetwork: async (config: NodeNetworkConfig) => {
        await sleep(world.user.clock, 3000);
        await os.configureNetwork(config);
      },
    });
    const back = world.node('node-1', { on: node, kubelet: { os: slow } });
    const seen = new Set<string | undefined>();
    for (let i = 0; i < 20; i++) {
      const { status } = await world.call(world.client.get(nodes, { name: 'node-1' }));
      seen.add(status?.conditions?.find((condition) => condition.type === 'Ready')?.status);
      await world.simulation.run(300);
    }
    expect([...seen]).toEqual(['True']);
    await back;
  });

  test('is not ready until it has a pod range', async () => {
    const { world } = await worldWithNode({ kubelet: { podCidr: undefined } });
    const ready = async () =>
      (await world.call(world.client.get(nodes, { name: 'node-1' }))).status?.conditions?.find(
        (c) => c.type === 'Ready',
      );
    expect(await ready()).toMatchObject({
      status: 'False',
      reason: 'KubeletNotReady',
      message: expect.stringContaining('cni plugin not initialized'),
    });
    await world.call(
      world.client.patch(nodes, { name: 'node-1' }, 'application/merge-patch+json', {
        spec: { podCIDR: '10.244.7.0/24', podCIDRs: ['10.244.7.0/24'] },
      }),
    );
    await world.simulation.run(2000);
    expect(await ready()).toMatchObject({ status: 'True' });
    await world.create(pods, boundPod('web-2', { image: 'nginx' }));
    expect((await world.until('web-2', running)).status?.podIP).toBe('10.244.7.2');
  });
});

describe('a pod', () => {
  test('runs: status, events, trace with causes', async () => {
    const { world } = await sharedWorld();
    const created = await world.create(pods, boundPod('web-3', { image: 'nginx:1.27' }));
    const pod = await world.until('web-3', running);
    expect(pod.status).toMatchObject({
      podIP: expect.stringMatching(/^10\.244\.1\.\d+$/),
      podIPs: [{ ip: expect.any(String) }],
      hostIP: '172.18.0.2',
      qosClass: 'BestEffort',
      observedGeneration: 1,
      startTime: expect.any(String),
    });
    expect(status(pod)).toMatchObject({
      ready: true,
      started: true,
      restartCount: 0,
      image: 'docker.io/library/nginx:1.27',
      imageID: expect.stringMatching(/^docker.io\/library\/nginx@sha256:/),
      containerID: expect.stringMatching(/^hollow:\/\/[0-9a-f]{64}$/),
      state: { running: { startedAt: expect.any(String) } },
    });
    expect(pod.status?.conditions?.map((c) => `${c.type}=${c.status}`).sort()).toEqual([
      'ContainersReady=True',
      'Initialized=True',
      'PodReadyToStartContainers=True',
      'PodScheduled=True',
      'Ready=True',
    ]);
    expect(await world.events('web-3')).toEqual([
      'Pulled Container image "nginx:1.27" already present on machine and can be accessed by the pod',
      'Created Container created',
      'Started Container started',
    ]);
    const sync = world.records.find((record) => record.gate === 'sync pod' && record.subject?.name === 'web-3');
    expect(sync).toMatchObject({
      will: 'create the sandbox, start main',
      causes: [{ resourceVersion: created.metadata.resourceVersion }],
    });
    const calls = world.records.filter(
      (record) => record.gate === 'runtime' && record.subject?.name === created.metadata.name,
    );
    expect(calls.map((record) => (record.detail as { call: string }).call)).toEqual([
      'RunPodSandbox',
      'CreateContainer',
      'StartContainer',
    ]);
    for (const call of calls) expect(call.parentSpanId).toBe(sync?.spanId);
    const runs = world.records.find(
      (record) => record.gate === 'container' && record.subject?.name === created.metadata.name,
    );
    expect(runs).toMatchObject({ will: 'container main runs', causes: [{ spanId: calls[2]?.spanId }] });
  });

  test('that keeps failing is restarted after 10, 20, 40 seconds', async () => {
    const { world } = await sharedWorld();
    await world.create(pods, boundPod('crash-8', { command: ['false'] }));
    const pod = await world.until('crash-8', waiting('CrashLoopBackOff'));
    const uid = pod.metadata.uid;
    expect(status(pod)).toMatchObject({
      restartCount: 1,
      state: { waiting: { message: `back-off 10s restarting failed container=main pod=crash-8_default(${uid})` } },
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    });
    expect(pod.status?.phase).toBe('Running');
    expect(await world.events('crash-8')).toContain(
      `BackOff Back-off restarting failed container main in pod crash-8_default(${uid})`,
    );
    const second = await world.until('crash-8', (p) => status(p)?.restartCount === 2);
    await world.until('crash-8', (p) => status(p)?.state?.waiting?.message?.startsWith('back-off 20s') ?? false, 5000);
    const third = await world.until('crash-8', (p) => status(p)?.restartCount === 3);
    const started = world.records.filter(
      (record) => record.gate === 'container' && record.will === 'container main runs',
    );
    expect(second.status?.phase).toBe('Running');
    expect(third).toBeDefined();
    expect(started.length).toBeGreaterThanOrEqual(3);
  });

  test('passes its termination message on', async () => {
    const { world } = await sharedWorld();
    await world.create(
      pods,
      boundPod(
        'words',
        { command: ['sh', '-c', 'echo no cheese > /dev/termination-log; exit 1'] },
        { restartPolicy: 'Never' },
      ),
    );
    const pod = await world.until('words', (p) => p.status?.phase === 'Failed');
    expect(status(pod)?.state?.terminated?.message).toBe('no cheese\n');
    await world.create(
      pods,
      boundPod(
        'log',
        { command: ['sh', '-c', 'echo from the log; exit 1'], terminationMessagePolicy: 'FallbackToLogsOnError' },
        { restartPolicy: 'Never' },
      ),
    );
    expect(status(await world.until('log', (p) => p.status?.phase === 'Failed'))?.state?.terminated?.message).toBe(
      'from the log\n',
    );
  });

  test('past its deadline fails', async () => {
    const { world } = await sharedWorld();
    await world.create(pods, boundPod('late', { image: 'nginx' }, { activeDeadlineSeconds: 5 }));
    const pod = await world.until('late', (p) => p.status?.phase === 'Failed', 20_000);
    expect(pod.status).toMatchObject({
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    });
  });

  test('that does not fit is rejected', async () => {
    const { world } = await sharedWorld();
    await world.create(pods, boundPod('big', { image: 'nginx', resources: { requests: { cpu: '5' } } }));
    const pod = await world.until('big', (p) => p.status?.phase === 'Failed');
    expect(pod.status).toMatchObject({
      reason: 'OutOfcpu',
      message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000",
    });
    await world.create(pods, boundPod('picky', { image: 'nginx' }, { nodeSelector: { disk: 'ssd' } }));
    expect((await world.until('picky', (p) => p.status?.phase === 'Failed')).status?.reason).toBe('NodeAffinity');
    await world.call(world.client.delete(pods, { namespace: 'default', name: 'big' }));
    await world.simulation.run(3000);
    await expect(world.pod('big')).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

describe('images', () => {
  const known = { hollow: { images: ['busybox', 'nginx:1.27'] } };

  test('one that does not exist: ErrImagePull, then ImagePullBackOff, again after a while', async () => {
    const { world } = await worldWithNode(known);
    await world.create(pods, boundPod('bad-12', { image: 'nginx:9.99', imagePullPolicy: 'IfNotPresent' }));
    const first = await world.until('bad-12', waiting('ErrImagePull'));
    expect(first.status?.phase).toBe('Pending');
    const why =
      'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:9.99": failed to resolve reference "docker.io/library/nginx:9.99": docker.io/library/nginx:9.99: not found';
    expect(status(first)?.state?.waiting?.message).toBe(why);
    const second = await world.until('bad-12', waiting('ImagePullBackOff'));
    expect(status(second)?.state?.waiting?.message).toBe(`Back-off pulling image "nginx:9.99": ErrImagePull: ${why}`);
    await world.simulation.run(2000);
    const seen = await world.events('bad-12');
    expect(seen).toEqual([
      'Pulling Pulling image "nginx:9.99"',
      `Failed Failed to pull image "nginx:9.99": ${why}`,
      'Failed Error: ErrImagePull',
      'BackOff Back-off pulling image "nginx:9.99"',
      'Failed Error: ImagePullBackOff',
    ]);
    await world.until('bad-12', waiting('ErrImagePull'), 12_000);
    const list = world.records.filter(
      (record) => record.gate === 'runtime' && (record.detail as { call: string }).call === 'PullImage',
    );
    expect(list.length).toBe(2);
  });

  test('a malformed name and a policy of Never', async () => {
    const { world } = await worldWithNode(known);
    await world.create(pods, boundPod('name-13', { image: 'Not/A_Name', imagePullPolicy: 'IfNotPresent' }));
    const pod = await world.until('name-13', waiting('InvalidImageName'));
    expect(status(pod)?.state?.waiting?.message).toContain(
      'couldn\'t parse image name "Not/A_Name": invalid reference format',
    );
    await world.create(pods, boundPod('never-13', { image: 'redis', imagePullPolicy: 'Never' }));
    expect(status(await world.until('never-13', waiting('ErrImageNeverPull')))?.state?.waiting?.message).toBe(
      'Container image "redis" is not present with pull policy of Never',
    );
  });
});

describe('configuration', () => {
  test('a missing ConfigMap in env is CreateContainerConfigError until it is made', async () => {
    const { world, node } = await sharedWorld();
    const env = [
      { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings-14', key: 'color' } } },
      { name: 'WHO', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'GREETING', value: '$(WHO) likes $(COLOR) $(NOTHING) $$(WHO)' },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    ];
    await world.create(pods, boundPod('app-14', { image: 'nginx', env }));
    const pod = await world.until('app-14', waiting('CreateContainerConfigError'));
    expect(status(pod)?.state?.waiting?.message).toBe('configmap "settings-14" not found');
    expect(await world.events('app-14')).toContain('Failed Error: configmap "settings-14" not found');
    await world.create(configMaps, {
      metadata: { name: 'settings-14', namespace: 'default' },
      data: { color: 'blue' },
    });
    await world.until('app-14', running, 2000);
    const [container] = await containersOf(node, 'app-14');
    const result = await node.hollow.runtime.execSync(container?.id ?? '', ['sh', '-c', 'echo $GREETING; echo $IP'], 1);
    expect(new TextDecoder().decode(result.stdout)).toBe(
      `app-14 likes blue $(NOTHING) $(WHO)\n${(await world.pod('app-14')).status?.podIP}\n`,
    );
  });

  test('service variables are those of the services that are there', async () => {
    const { world, node } = await sharedWorld();
    const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
    const made = await world.create(services, {
      metadata: { name: 'my-web', namespace: 'default' },
      spec: { clusterIP: '10.96.0.77', ports },
    });
    await world.simulation.run(500);
    await world.create(pods, boundPod('app-15', { image: 'nginx' }));
    await world.until('app-15', running);
    const [container] = await containersOf(node, 'app-15');
    const result = await node.hollow.runtime.execSync(container?.id ?? '', ['env'], 1);
    const text = new TextDecoder().decode(result.stdout);
    expect(text).toContain(`MY_WEB_SERVICE_HOST=${made.spec?.clusterIP}\n`);
    expect(text).toContain('MY_WEB_SERVICE_PORT_HTTP=80\n');
    expect(text).toContain(`MY_WEB_PORT_80_TCP=tcp://${made.spec?.clusterIP}:80\n`);
  });

  test('a ConfigMap volume waits for its object and follows its changes', async () => {
    const { world, node } = await sharedWorld();
    await world.create(
      pods,
      boundPod(
        'app-16',
        { image: 'nginx', volumeMounts: [{ name: 'config', mountPath: '/etc/app' }] },
        { volumes: [{ name: 'config', configMap: { name: 'settings-16' } }] },
      ),
    );
    await world.simulation.run(3000);
    expect(status(await world.pod('app-16'))?.state?.waiting?.reason).toBe('ContainerCreating');
    expect(await world.events('app-16')).toContain(
      'FailedMount MountVolume.SetUp failed for volume "config" : configmap "settings-16" not found',
    );
    await world.create(configMaps, {
      metadata: { name: 'settings-16', namespace: 'default' },
      data: { color: 'blue' },
    });
    await world.until('app-16', running, 3000);
    const cat = async () => {
      const [container] = await containersOf(node, 'app-16');
      const result = await node.hollow.runtime.execSync(container?.id ?? '', ['cat', '/etc/app/color'], 1);
      return new TextDecoder().decode(result.stdout);
    };
    expect(await cat()).toBe('blue');
    await world.call(
      world.client.patch(configMaps, { namespace: 'default', name: 'settings-16' }, 'application/merge-patch+json', {
        data: { color: 'green' },
      }),
    );
    await world.simulation.run(1000);
    expect(await cat()).toBe('green');
  });
});

describe('what survives', () => {
  test('a new kubelet adopts what runs', async () => {
    const { world, node } = await worldWithNode();
    await world.create(pods, boundPod('web', { image: 'nginx' }));
    const before = await world.until('web', running);
    await world.call(node.kubelet.stop());
    world.simulation.kill('node-1');
    await world.simulation.run(5000);
    await world.node('node-1', { on: node });
    await world.simulation.run(5000);
    const after = await world.pod('web');
    expect(status(after)).toEqual(status(before));
    expect(after.status?.podIP).toBe(before.status?.podIP);
  });

  test('pods deleted while the kubelet was away are stopped when it is back', async () => {
    const { world, node } = await worldWithNode();
    await world.create(pods, boundPod('web', { image: 'nginx' }));
    await world.until('web', running);
    await world.call(node.kubelet.stop());
    world.simulation.kill('node-1');
    await world.call(world.client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 }));
    await world.node('node-1', { on: node });
    await world.simulation.run(5000);
    expect(await node.hollow.runtime.listContainers()).toEqual([]);
  });

  test('after a reboot the containers are started again in a new sandbox', async () => {
    const { world, node } = await worldWithNode();
    await world.create(pods, boundPod('web', { image: 'nginx' }));
    await world.until('web', running);
    node.hollow.reboot();
    const pod = await world.until(
      'web',
      (p) => status(p)?.restartCount === 1 && running(p) && status(p)?.ready === true,
    );
    expect(pod.status?.podIPs).toEqual([{ ip: pod.status?.podIP }]);
    await world.simulation.run(10_000);
    expect((await world.pod('web')).metadata.resourceVersion).toBe(pod.metadata.resourceVersion);
    expect(status(pod)?.lastState?.terminated?.exitCode).toBe(255);
    expect(await world.events('web')).toContain(
      'SandboxChanged Pod sandbox changed, it will be killed and re-created.',
    );
    expect((await world.call(world.client.get(nodes, { name: 'node-1' }))).status?.conditions?.at(-1)?.status).toBe(
      'True',
    );
  });
});
