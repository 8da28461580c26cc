// A stand-in for a cluster, for component tests and for looking at the page without one: a handful of objects in memory, list, watch, create, patch and
// delete over them, and a few hand-written reactions with trace events. Never shipped.

import type { Gate, TraceRecord } from '../../env/trace.ts';
import type { Cluster, ProcessStatus } from '../../sandbox/cluster.ts';
import { defaultClusterConfig, processes as processesOf } from '../../sandbox/config.ts';
import { Conductor } from '../../trace/conductor.ts';
import { TraceLog } from '../../trace/log.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind pass through here
type Any = any;

const kindsOf: Record<string, [string, string]> = {
  namespaces: ['v1', 'Namespace'],
  nodes: ['v1', 'Node'],
  pods: ['v1', 'Pod'],
  services: ['v1', 'Service'],
  events: ['v1', 'Event'],
  configmaps: ['v1', 'ConfigMap'],
  deployments: ['apps/v1', 'Deployment'],
  replicasets: ['apps/v1', 'ReplicaSet'],
  leases: ['coordination.k8s.io/v1', 'Lease'],
  endpointslices: ['discovery.k8s.io/v1', 'EndpointSlice'],
};

export class FakeCluster implements Cluster {
  readonly config = defaultClusterConfig;
  readonly trace = new TraceLog();
  readonly conductor = new Conductor();
  readonly objects = new Map<string, Any>();
  readonly #watchers = new Set<{ resource: string; push: (line: string) => void }>();
  readonly #release = new Map<number, () => void>();
  #revision = 100;
  #span = 1;
  #leader = 'etcd-1';
  #term = 2;
  #rate = 1;
  #processes: ProcessStatus[];
  readonly #onProcesses = new Set<(processes: readonly ProcessStatus[]) => void>();
  readonly #onClock = new Set<() => void>();
  readonly delay: number;

  constructor(delay = 350) {
    this.delay = delay;
    this.#processes = processesOf(this.config).map(({ name, role }) => ({
      name,
      role,
      state: 'running',
      ...(role === 'node' ? { runtime: name === 'node-1' ? 'linux' : 'hollow' } : {}),
      ...(name === 'node-2' ? { message: 'hollow: the node image is not there' } : {}),
    }));
    this.conductor.attach('all', { hold: () => {}, release: (id) => this.#release.get(id)?.() });
    for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
      this.put('namespaces', { metadata: { name }, status: { phase: 'Active' } });
    for (const [i, name] of ['node-1', 'node-2'].entries())
      this.put('nodes', {
        metadata: { name, labels: { 'kubernetes.io/hostname': name } },
        spec: { podCIDR: `10.244.${i + 1}.0/24` },
        status: {
          capacity: { cpu: '1', memory: '256Mi', pods: '32' },
          allocatable: { cpu: '1', memory: '256Mi', pods: '32' },
          addresses: [{ type: 'InternalIP', address: `172.18.0.${i + 2}` }],
          conditions: [
            { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
          ],
          nodeInfo: {
            kernelVersion: '6.12.9',
            osImage: 'Debian GNU/Linux 12',
            containerRuntimeVersion: 'crun://1.8',
            kubeletVersion: 'v1.36.0',
          },
        },
      });
    for (const name of ['kube-controller-manager', 'kube-scheduler'])
      this.put('leases', { metadata: { name, namespace: 'kube-system' }, spec: { holderIdentity: `${name}-1_abc` } });
    this.put('services', {
      metadata: { name: 'kubernetes', namespace: 'default' },
      spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443 }] },
    });
  }

  now = () => Date.now();
  clock: Cluster['clock'] = (() => {
    const self = this;
    return {
      now: () => Date.now(),
      get rate() {
        return self.#rate;
      },
      get paused() {
        return self.conductor.state.paused;
      },
      setRate: (rate) => {
        self.#rate = rate;
        for (const each of self.#onClock) each();
      },
      fastForward: () => new Promise((resolve) => setTimeout(resolve, 1200)),
      subscribe: (callback) => {
        self.#onClock.add(callback);
        return () => self.#onClock.delete(callback);
      },
    };
  })();

  faults: Cluster['faults'] = {
    cuts: [],
    kill: (name) => {
      this.#set(name, 'killed');
      if (name === this.#leader) {
        this.#leader = name === 'etcd-2' ? 'etcd-3' : 'etcd-2';
        this.#term++;
      }
    },
    start: (name) => this.#set(name, 'running'),
    cut: () => {},
    heal: () => {},
  };

  #set(name: string, state: ProcessStatus['state']): void {
    this.#processes = this.#processes.map((process) => (process.name === name ? { ...process, state } : process));
    for (const callback of this.#onProcesses) callback(this.#processes);
  }

  processes = () => this.#processes;
  onProcesses = (callback: (processes: readonly ProcessStatus[]) => void) => {
    this.#onProcesses.add(callback);
    return () => this.#onProcesses.delete(callback);
  };

  async inspect(name: string) {
    if (!name.startsWith('etcd')) return undefined;
    return {
      role: name === this.#leader ? 'leader' : 'follower',
      term: this.#term,
      leader: this.#leader,
      commitIndex: this.#revision,
      appliedIndex: this.#revision,
      revision: this.#revision,
    };
  }

  nodeShell = () => Promise.reject(new Error('hollow nodes have no shell'));
  stop = async () => {};
  destroy = async () => {};

  /** Records an event and, while paused, waits for its gate. */
  async gate(component: string, record: TraceRecord & { spanId?: string }): Promise<string> {
    const spanId = record.spanId ?? String(this.#span++).padStart(16, '0');
    const event = { ...record, component, time: Date.now(), traceId: '1'.repeat(32), spanId };
    if (this.conductor.state.paused && this.conductor.state.gates.includes(record.gate as Gate)) {
      const id = this.#span++;
      await new Promise<void>((resolve) => {
        this.#release.set(id, resolve);
        this.conductor.arrived('all', id, event);
      });
    }
    this.trace.append([event]);
    return spanId;
  }

  /** Stores an object and tells watchers. Returns it as stored. */
  put(resource: string, object: Any, by?: { component: string; spanId: string }): Any {
    const [apiVersion, kind] = kindsOf[resource] as [string, string];
    const key = `${resource}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    const before = this.objects.get(key);
    const resourceVersion = String(++this.#revision);
    const stored = {
      apiVersion,
      kind,
      ...object,
      metadata: {
        uid: before?.metadata.uid ?? `uid-${resourceVersion}`,
        creationTimestamp: before?.metadata.creationTimestamp ?? new Date().toISOString(),
        ...object.metadata,
        resourceVersion,
      },
    };
    this.objects.set(key, stored);
    this.#tell(resource, before ? 'MODIFIED' : 'ADDED', stored);
    const { name, namespace, uid } = stored.metadata;
    void this.gate('kube-apiserver-1', {
      gate: 'committed',
      subject: { kind, name, uid, resourceVersion, ...(namespace ? { namespace } : {}) },
      will: `${before ? 'update' : 'create'} ${kind} ${namespace ? `${namespace}/` : ''}${name}`,
      ...(by ? { parentSpanId: by.spanId } : {}),
    });
    return stored;
  }

  remove(resource: string, namespace: string, name: string): boolean {
    const key = `${resource}/${namespace}/${name}`;
    const object = this.objects.get(key);
    if (!object) return false;
    this.objects.delete(key);
    this.#tell(resource, 'DELETED', object);
    return true;
  }

  #tell(resource: string, type: string, object: Any): void {
    for (const watcher of this.#watchers)
      if (watcher.resource === resource) watcher.push(`${JSON.stringify({ type, object })}\n`);
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(path, 'http://cluster');
    const match = /^\/(?:api|apis\/[^/]+)\/v1(?:\/namespaces\/([^/]+)(?=\/))?\/([a-z]+)(?:\/([^/]+))?(?:\/(.+))?$/.exec(
      url.pathname,
    );
    if (!match) return status(404, 'NotFound', 'the server could not find the requested resource');
    const [, namespace, resource = '', name, rest] = match;
    const method = init.method ?? 'GET';
    if (rest?.startsWith('proxy'))
      return new Response('<!doctype html><title>Welcome</title><h1>Welcome aboard</h1><p>Served by a pod.</p>', {
        headers: { 'content-type': 'text/html' },
      });
    if (rest === 'log') return new Response('starting\nlistening on :80\n');
    if (!kindsOf[resource]) return status(404, 'NotFound', 'the server could not find the requested resource');
    const key = `${resource}/${namespace ?? ''}/${name}`;
    if (method === 'GET' && name) {
      const found = this.objects.get(key);
      return found ? Response.json(found) : status(404, 'NotFound', `${resource} "${name}" not found`);
    }
    if (method === 'GET') {
      if (url.searchParams.has('watch')) return this.#watch(resource, init.signal ?? undefined);
      const items = [...this.objects].filter(
        ([at]) => at.startsWith(`${resource}/`) && (!namespace || at.startsWith(`${resource}/${namespace}/`)),
      );
      return Response.json({
        items: items.map(([, item]) => item),
        metadata: { resourceVersion: String(this.#revision) },
      });
    }
    if (method === 'DELETE')
      return this.remove(resource, namespace ?? '', name ?? '')
        ? Response.json({})
        : status(404, 'NotFound', 'not found');
    const body = JSON.parse(String(init.body)) as Any;
    const stored = this.put(resource, { ...body, metadata: { ...body.metadata, ...(namespace ? { namespace } : {}) } });
    if (resource === 'deployments') void this.roll(stored);
    return Response.json(stored, { status: 201 });
  }

  #watch(resource: string, signal: AbortSignal | undefined): Response {
    const encoder = new TextEncoder();
    let watcher: { resource: string; push: (line: string) => void };
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        watcher = { resource, push: (line) => controller.enqueue(encoder.encode(line)) };
        this.#watchers.add(watcher);
        signal?.addEventListener('abort', () => this.#watchers.delete(watcher));
      },
      cancel: () => {
        this.#watchers.delete(watcher);
      },
    });
    return new Response(body);
  }

  /** What the controllers, the scheduler and the kubelets would do about a Deployment. */
  async roll(deployment: Any): Promise<void> {
    const pause = () => new Promise((resolve) => setTimeout(resolve, this.delay));
    const { name, namespace } = deployment.metadata;
    const cm = 'kube-controller-manager-1';
    let cause = { resourceVersion: deployment.metadata.resourceVersion };
    await pause();
    let spanId = await this.gate(cm, {
      gate: 'reconcile',
      subject: { kind: 'Deployment', namespace, name },
      causes: [cause],
      saw: { replicaSets: 0, wanted: deployment.spec.replicas },
      will: `create ReplicaSet ${namespace}/${name}-7d4b9c6f5`,
    });
    const rs = this.put(
      'replicasets',
      {
        metadata: { name: `${name}-7d4b9c6f5`, namespace, ownerReferences: [owner(deployment)] },
        spec: { replicas: deployment.spec.replicas, template: deployment.spec.template },
        status: {},
      },
      { component: cm, spanId },
    );
    const pods: Any[] = [];
    for (let i = 0; i < deployment.spec.replicas; i++) {
      await pause();
      const podName = `${rs.metadata.name}-${['x7k2p', 'q9vzt', 'm4cfw', 'b8hnd', 'k2rsl'][i] ?? `p${i}`}`;
      cause = { resourceVersion: rs.metadata.resourceVersion };
      spanId = await this.gate(cm, {
        gate: 'reconcile',
        subject: { kind: 'ReplicaSet', namespace, name: rs.metadata.name },
        causes: [cause],
        saw: { pods: i, wanted: deployment.spec.replicas },
        will: `create Pod ${namespace}/${podName}`,
      });
      const pod = {
        metadata: {
          name: podName,
          namespace,
          labels: deployment.spec.template.metadata.labels,
          ownerReferences: [owner(rs)],
        },
        spec: deployment.spec.template.spec,
        status: { phase: 'Pending' },
      };
      pods.push(this.put('pods', pod, { component: cm, spanId }));
    }
    for (const [i, pod] of pods.entries()) {
      await pause();
      const nodeName = `node-${(i % 2) + 1}`;
      spanId = await this.gate('kube-scheduler-1', {
        gate: 'schedule',
        subject: { kind: 'Pod', namespace, name: pod.metadata.name },
        causes: [{ resourceVersion: pod.metadata.resourceVersion }],
        saw: { 'node-1': 'fits', 'node-2': 'fits' },
        will: `bind Pod ${namespace}/${pod.metadata.name} to ${nodeName}`,
      });
      const bound = this.put(
        'pods',
        { ...pod, spec: { ...pod.spec, nodeName } },
        { component: 'kube-scheduler-1', spanId },
      );
      await pause();
      spanId = await this.gate(nodeName, {
        gate: 'runtime',
        subject: { kind: 'Pod', namespace, name: pod.metadata.name },
        causes: [{ resourceVersion: bound.metadata.resourceVersion }],
        will: `start container ${pod.spec.containers[0].name}`,
      });
      const running = (ready: boolean) => ({
        ...bound,
        status: {
          phase: 'Running',
          podIP: `10.244.${(i % 2) + 1}.${i + 2}`,
          conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
          containerStatuses: [
            { name: pod.spec.containers[0].name, ready, restartCount: 0, image: 'nginx', state: { running: {} } },
          ],
        },
      });
      this.put('pods', running(false), { component: nodeName, spanId });
      await pause();
      pods[i] = this.put('pods', running(true), { component: nodeName, spanId });
      this.put('endpointslices', {
        metadata: { name: `${name}-abc`, namespace, labels: { 'kubernetes.io/service-name': name } },
        ports: [{ name: 'http', port: 80 }],
        endpoints: pods.slice(0, i + 1).map((each) => ({
          addresses: [each.status.podIP],
          conditions: { ready: true },
          targetRef: { kind: 'Pod', name: each.metadata.name, namespace },
        })),
      });
    }
    this.put('deployments', {
      ...deployment,
      status: {
        replicas: pods.length,
        readyReplicas: pods.length,
        availableReplicas: pods.length,
        updatedReplicas: pods.length,
      },
    });
  }
}

function owner(object: Any) {
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    name: object.metadata.name,
    uid: object.metadata.uid,
    controller: true,
  };
}

function status(code: number, reason: string, message: string): Response {
  return Response.json(
    { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code },
    { status: code },
  );
}
