// A real API server over a store in memory and kubelets on hollow nodes, all in one simulation: for tests.

import type { Pod } from '../../api/generated/types.ts';
import { startApiServer } from '../../apiserver/index.ts';
import type { KubernetesObject, Resource } from '../../client/resources.ts';
import { configMaps, events, pods, serviceAccounts } from '../../client/resources.ts';
import { RestClient } from '../../client/rest-client.ts';
import { createHollowNode, type HollowNode, type HollowNodeOptions } from '../../cri/hollow/index.ts';
import type { Env, Running } from '../../env/env.ts';
import { Simulation } from '../../env/simulated/simulation.ts';
import type { StampedRecord } from '../../env/traces.ts';
import { startStandaloneEtcd } from '../../etcd/testing/standalone.ts';
import { type KubeletOptions, startKubelet } from '../index.ts';

export interface StartedNode {
  env: Env;
  hollow: HollowNode;
  kubelet: Running;
}

const server = 'http://kube-apiserver:6443';
const token = 'admin-token';

export class NodeWorld {
  readonly simulation: Simulation;
  readonly records: StampedRecord[] = [];
  readonly client: RestClient;
  readonly user: Env;

  private constructor(simulation: Simulation, records: StampedRecord[], user: Env) {
    this.simulation = simulation;
    this.records = records;
    this.user = user;
    this.client = new RestClient({
      fetch: (input, init) => user.network.fetch(input, init),
      server,
      token,
      userAgent: 'test',
    });
  }

  static async start(seed = 1): Promise<NodeWorld> {
    const records: StampedRecord[] = [];
    const simulation = new Simulation({ seed, onTrace: (record) => records.push(record) });
    const env = simulation.env('kube-apiserver-1');
    const etcd = startStandaloneEtcd(env);
    await settle(
      simulation,
      startApiServer(env, {
        host: 'kube-apiserver-1:6443',
        etcd: etcd.client,
        tokens: [{ token, user: 'kubernetes-admin', groups: ['system:masters'] }],
      }),
    );
    const world = new NodeWorld(simulation, records, simulation.env('user'));
    // what the service account and root CA controllers would have made
    const metadata = { name: 'default', namespace: 'default' };
    await world.create(serviceAccounts, { metadata });
    await world.create(configMaps, {
      metadata: { ...metadata, name: 'kube-root-ca.crt' },
      data: { 'ca.crt': 'a certificate' },
    });
    return world;
  }

  /** Starts a hollow node with its kubelet, or a kubelet on a node that is there already. */
  async node(
    name: string,
    options: { hollow?: HollowNodeOptions; kubelet?: Partial<KubeletOptions>; on?: StartedNode } = {},
  ): Promise<StartedNode> {
    const env = this.simulation.env(name);
    const number = Number(/\d+$/.exec(name)?.[0] ?? 1);
    const hollow = options.on?.hollow ?? createHollowNode(env, options.hollow);
    const kubelet = await this.simulation.finish(
      startKubelet(env, {
        server,
        token,
        nodeName: name,
        nodeIp: `172.18.0.${number + 1}`,
        podCidr: `10.244.${number}.0/24`,
        runtime: hollow.runtime,
        os: hollow.os,
        ...options.kubelet,
      }),
    );
    return { env, hollow, kubelet };
  }

  call<T>(promise: Promise<T>): Promise<T> {
    return settle(this.simulation, promise);
  }

  create<T extends KubernetesObject>(resource: Resource<T>, object: object): Promise<T> {
    return this.call(this.client.create(resource, object as T));
  }

  pod(name: string, namespace = 'default'): Promise<Pod> {
    return this.call(this.client.get(pods, { namespace, name }));
  }

  /** Runs until the pod satisfies the condition; resolves with it. */
  async until(name: string, condition: (pod: Pod) => boolean, limit = 120_000): Promise<Pod> {
    const end = this.simulation.now() + limit;
    for (;;) {
      const pod = await this.pod(name);
      if (condition(pod)) return pod;
      if (this.simulation.now() > end)
        throw new Error(`not within ${limit} ms: ${JSON.stringify(pod.status, undefined, 1)}`);
      await this.simulation.run(500);
    }
  }

  /** "reason message" of the events about a pod, in order, each once. */
  async events(name: string): Promise<string[]> {
    const list = await this.call(this.client.list(events, 'default'));
    return list.items
      .filter((event) => event.involvedObject.name === name)
      .map((event) => `${event.reason} ${event.message}`);
  }
}

/** A pod bound to node-1 with one container. */
export function boundPod(name: string, container: object, spec: object = {}): object {
  return {
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      nodeName: 'node-1',
      terminationGracePeriodSeconds: 30,
      containers: [{ name: 'main', image: 'busybox:1.36', ...container }],
      ...spec,
    },
  };
}

/** Lets virtual time go by until the promise settles, with real pauses: the API server's keys are made by WebCrypto, which takes real time. */
async function settle<T>(simulation: Simulation, promise: Promise<T>): Promise<T> {
  let settled = false;
  const mark = () => {
    settled = true;
  };
  promise.then(mark, mark);
  for (let rounds = 0; !settled && rounds < 20_000; rounds++) {
    await simulation.run(5);
    if (!settled && rounds > 200) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  if (!settled) throw new Error('not finished');
  return promise;
}
