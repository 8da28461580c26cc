// Everything the page knows, in one place: the cluster it holds, live lists of what is in it, the reader's files, layout and selection.
// Components read from here and call methods here; none of them talks to the cluster by itself.
//
// Invariants: the editor and the layout work before there is a cluster; `adopt` may be called again with another cluster after `release`.

import { getContext, setContext } from 'svelte';
import type {
  CoreV1Event,
  Deployment,
  EndpointSlice,
  Lease,
  Namespace,
  Node,
  Pod,
  ReplicaSet,
  Service,
} from '../../api/generated/types.ts';
import type { KubectlIo } from '../../kubectl/io.ts';
import { createKubeconfig, type KubeconfigStore } from '../../kubectl/kubeconfig.ts';
import type { Cluster, KubectlResult, ProcessStatus } from '../../sandbox/cluster.ts';
import type { ConductorState } from '../../trace/conductor.ts';
import { Editing } from './editing.svelte.ts';
import { type EtcdView, viewEtcd } from './etcd-view.ts';
import { EditorFiles } from './files.svelte.ts';
import { keep, recall } from './keep.ts';
import type { ObjectKey } from './kube.ts';
import { collect, type KubectlProgram, kubectlClock } from './kubectl.ts';
import { Layout } from './layout.svelte.ts';
import { LiveList } from './live-list.svelte.ts';
import { repeat } from './page-time.ts';
import { Timeline } from './timeline.svelte.ts';
import { Traffic } from './traffic.svelte.ts';

export type Selection = { type: 'process'; name: string } | ({ type: 'object' } & ObjectKey);

/** A terminal the page was asked to open: a shell in a container, or on a node. */
export type TerminalWish = { kind: 'exec'; namespace: string; pod: string } | { kind: 'node'; node: string };

export interface WorkspaceParts {
  kubectl: () => Promise<KubectlProgram>;
  /** Keeps to the plain text field. */
  plainEditor?: boolean;
}

export class Workspace {
  readonly files = new EditorFiles();
  readonly editing = new Editing(this.files);
  readonly layout = new Layout();
  readonly timeline = new Timeline();
  readonly traffic = new Traffic();
  /** The members' newest answers, shown with the next pulse. */
  #told: Readonly<Record<string, EtcdView>> = {};

  cluster = $state.raw<Cluster | undefined>();
  /** Why there is no cluster, when it could not be started. */
  failure = $state('');
  processes = $state.raw<readonly ProcessStatus[]>([]);
  etcd = $state.raw<Readonly<Record<string, EtcdView>>>({});
  conductor = $state.raw<ConductorState>({ paused: false, gates: [], waiting: [], steps: 0 });
  /** Cluster milliseconds since the epoch, in whole seconds. */
  time = $state(0);
  rate = $state(1);
  forwarding = $state(false);
  readOnly = $state(false);
  /** Processes whose network the reader has cut. */
  cutOff = $state.raw<ReadonlySet<string>>(new Set());
  selection = $state.raw<Selection | undefined>();
  /** Terminals asked for and not opened yet. */
  wishes = $state.raw<readonly TerminalWish[]>([]);
  /** '' shows all namespaces but the cluster's own. */
  namespace = $state(recall('namespace', ''));

  readonly namespaces = new LiveList<Namespace>('/api/v1/namespaces', 'v1', 'Namespace');
  readonly nodes = new LiveList<Node>('/api/v1/nodes', 'v1', 'Node');
  readonly pods = new LiveList<Pod>('/api/v1/pods', 'v1', 'Pod');
  readonly services = new LiveList<Service>('/api/v1/services', 'v1', 'Service');
  readonly events = new LiveList<CoreV1Event>('/api/v1/events', 'v1', 'Event');
  readonly deployments = new LiveList<Deployment>('/apis/apps/v1/deployments', 'apps/v1', 'Deployment');
  readonly replicaSets = new LiveList<ReplicaSet>('/apis/apps/v1/replicasets', 'apps/v1', 'ReplicaSet');
  readonly leases = new LiveList<Lease>(
    '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases',
    'coordination.k8s.io/v1',
    'Lease',
  );
  readonly endpointSlices = new LiveList<EndpointSlice>(
    '/apis/discovery.k8s.io/v1/endpointslices',
    'discovery.k8s.io/v1',
    'EndpointSlice',
  );

  readonly kubeconfig: KubeconfigStore;
  readonly #parts: WorkspaceParts;
  #endings: (() => void)[] = [];

  constructor(parts: WorkspaceParts) {
    this.#parts = parts;
    const fresh = createKubeconfig();
    this.kubeconfig = {
      value: recall('kubeconfig', fresh.value),
      changed: (value) => keep('kubeconfig', value),
    };
  }

  get plainEditor(): boolean {
    return this.#parts.plainEditor ?? false;
  }

  get #lists() {
    return [
      this.namespaces,
      this.nodes,
      this.pods,
      this.services,
      this.events,
      this.deployments,
      this.replicaSets,
      this.leases,
      this.endpointSlices,
    ];
  }

  /** Shows a cluster from now on. */
  adopt(cluster: Cluster & { readonly readOnly?: boolean }): void {
    this.release();
    this.cluster = cluster;
    this.failure = '';
    this.readOnly = cluster.readOnly ?? false;
    this.processes = cluster.processes();
    this.#readCuts();
    const clock = () => {
      this.rate = cluster.clock.rate;
      this.time = Math.floor(cluster.clock.now() / 1000) * 1000;
    };
    // what changes all the time, also at rest, changes together: each change on its own would have the page drawn once more
    const pulse = () => {
      clock();
      this.traffic.pulse();
      if (JSON.stringify(this.#told) !== JSON.stringify(this.etcd)) this.etcd = this.#told;
      void this.#askEtcd(cluster);
    };
    clock();
    for (const list of this.#lists) list.open((path, init) => cluster.fetch(path, init));
    this.#endings = [
      cluster.onProcesses((processes) => {
        this.processes = processes;
      }),
      cluster.conductor.subscribe((state) => {
        this.conductor = state;
      }),
      cluster.clock.subscribe(clock),
      repeat(500, pulse),
      this.timeline.connect(cluster.trace),
      this.traffic.follow(cluster.trace, () => ({ leader: this.etcdLeader, members: Object.keys(this.etcd) })),
    ];
    void this.#askEtcd(cluster);
  }

  release(): void {
    for (const end of this.#endings) end();
    this.#endings = [];
    for (const list of this.#lists) list.close();
    this.cluster = undefined;
  }

  async #askEtcd(cluster: Cluster): Promise<void> {
    if (document.visibilityState === 'hidden') return;
    const members = cluster.processes().filter((process) => process.role === 'etcd' && process.state === 'running');
    const said = await Promise.all(
      members.map(async ({ name }) => [name, viewEtcd(await cluster.inspect(name).catch(() => undefined))] as const),
    );
    if (this.cluster !== cluster) return;
    this.#told = Object.fromEntries(said.filter((entry): entry is [string, EtcdView] => entry[1] !== undefined));
  }

  /** The store's leading member: the one that says so in the highest term. */
  get etcdLeader(): string | undefined {
    return Object.entries(this.etcd)
      .filter(([, view]) => view.role === 'leader')
      .sort(([, a], [, b]) => (b.term ?? 0) - (a.term ?? 0))[0]?.[0];
  }

  /** The process that holds a component's Lease ("kube-scheduler"), or undefined. */
  holderOf(component: string): string | undefined {
    const identity = this.leases.get('kube-system', component)?.spec?.holderIdentity;
    return identity ? identity.split('_')[0] : undefined;
  }

  /** Whether the API server has answered yet. */
  get serving(): boolean {
    return this.nodes.state === 'live' || this.nodes.state === 'broken';
  }

  inNamespace(namespace: string | undefined): boolean {
    if (this.namespace === '*') return true;
    return this.namespace ? namespace === this.namespace : !namespace?.startsWith('kube-');
  }

  choose(namespace: string): void {
    this.namespace = namespace;
    keep('namespace', namespace);
  }

  select(selection: Selection | undefined): void {
    this.selection = selection;
    if (selection && this.layout.narrow) this.layout.pane = 'picture';
  }

  selectObject(kind: string, namespace: string | undefined, name: string): void {
    this.select({ type: 'object', kind, namespace, name });
  }

  isSelected(kind: string, namespace: string | undefined, name: string): boolean {
    const at = this.selection;
    return at?.type === 'object' && at.kind === kind && at.name === name && (at.namespace ?? '') === (namespace ?? '');
  }

  /** Everything a kubectl command of this page is given, but where it prints. Throws while there is no cluster. */
  kubectlIo(fetch?: KubectlIo['fetch']): Omit<KubectlIo, 'stdout' | 'stderr'> {
    const cluster = this.cluster;
    if (!cluster) throw new Error('the cluster is still starting');
    return {
      fetch: fetch ?? ((path, init) => cluster.fetch(path, init)),
      files: this.files.forKubectl(),
      clock: kubectlClock(() => cluster.clock.now()),
      config: this.kubeconfig,
      preview: async ({ namespace, pod, port }) => {
        this.layout.previewTarget = { kind: 'pods', namespace, name: pod, port: String(port) };
        this.layout.showBench('preview');
        return undefined;
      },
    };
  }

  /** Opens a text in the editor for kubectl edit; resolves with what is saved, or undefined. */
  edit(text: string, name: string): Promise<string | undefined> {
    const saved = this.editing.edit(text, name);
    if (this.layout.narrow) this.layout.pane = 'editor';
    this.layout.editorFocus++;
    return saved;
  }

  program(): Promise<KubectlProgram> {
    return this.#parts.kubectl();
  }

  /** Runs a kubectl command line ("get pods -o wide") and returns what it printed. */
  async kubectl(line: string | string[], fetch?: KubectlIo['fetch']): Promise<KubectlResult> {
    return collect(await this.program(), line, this.kubectlIo(fetch));
  }

  /** Opens a terminal on a node or in a container. */
  openTerminal(wish: TerminalWish): void {
    this.wishes = [...this.wishes, wish];
    this.layout.showBench('terminal');
  }

  /** Cuts a process off from all others, or connects it again. */
  setCut(process: string, cut: boolean): void {
    if (cut) this.cluster?.faults.cut(process, '*');
    else this.cluster?.faults.heal(process, '*');
    this.#readCuts();
  }

  #readCuts(): void {
    const whole = (this.cluster?.faults.cuts ?? []).filter(({ a, b }) => a === '*' || b === '*');
    this.cutOff = new Set(whole.map(({ a, b }) => (a === '*' ? b : a)));
  }

  async fastForward(milliseconds: number): Promise<void> {
    const cluster = this.cluster;
    if (!cluster || this.forwarding) return;
    this.forwarding = true;
    try {
      await cluster.clock.fastForward(milliseconds);
    } finally {
      this.forwarding = false;
    }
  }

  togglePause(): void {
    const conductor = this.cluster?.conductor;
    if (!conductor) return;
    if (this.conductor.paused) conductor.resume();
    else {
      conductor.pause();
      if (!this.layout.narrow) this.layout.showBench('timeline');
    }
  }
}

const contextKey = Symbol('workspace');

export function provideWorkspace(workspace: Workspace): Workspace {
  return setContext(contextKey, workspace);
}

export function useWorkspace(): Workspace {
  return getContext(contextKey);
}
