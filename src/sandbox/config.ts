// The description of a cluster, in the shape kind's users know, with Drydock's own additions kept apart.
//
//   kind: Cluster
//   apiVersion: drydock.dev/v1alpha1
//   nodes:
//   - role: control-plane      # one etcd member each; the first `apiServers` also run an API server, and so on
//   - role: worker
//
// Invariants after `parseClusterConfig`: at least one control-plane node, names unique, every count within the control plane's size where that matters.

export interface ClusterConfig {
  kind: 'Cluster';
  apiVersion: 'drydock.dev/v1alpha1';
  name: string;
  nodes: NodeConfig[];
  controlPlane: {
    /** Members of the store: odd numbers make sense. */
    etcd: number;
    apiServers: number;
    controllerManagers: number;
    schedulers: number;
  };
  networking: { podSubnet: string; serviceSubnet: string };
}

export interface NodeConfig {
  role: 'control-plane' | 'worker';
  /** "linux": an emulated machine with real containers; "hollow": no processes. Left out: linux if the node image is there. */
  runtime?: 'linux' | 'hollow';
  /** MiB of an emulated machine. */
  memory?: number;
  labels?: Record<string, string>;
}

export const defaultClusterConfig: ClusterConfig = {
  kind: 'Cluster',
  apiVersion: 'drydock.dev/v1alpha1',
  name: 'drydock',
  nodes: [{ role: 'control-plane' }, { role: 'worker' }, { role: 'worker' }],
  controlPlane: { etcd: 3, apiServers: 1, controllerManagers: 2, schedulers: 2 },
  networking: { podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/16' },
};

export type ProcessRole = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'node';

export interface WorkerNode extends NodeConfig {
  name: string;
  ip: string;
}

/** The worker nodes with their names and addresses, in order: node-1 at 172.18.0.2, and so on. */
export function workerNodes(config: ClusterConfig): WorkerNode[] {
  return config.nodes
    .filter((node) => node.role === 'worker')
    .map((node, i) => ({ ...node, name: `node-${i + 1}`, ip: `172.18.${(i + 2) >> 8}.${(i + 2) & 255}` }));
}

/** The processes a configuration asks for, in starting order. */
export function processes(config: ClusterConfig): { name: string; role: ProcessRole }[] {
  const numbered = (role: ProcessRole, count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `${role}-${i + 1}`, role }));
  const { controlPlane } = config;
  return [
    ...numbered('etcd', controlPlane.etcd),
    ...numbered('kube-apiserver', controlPlane.apiServers),
    ...numbered('kube-controller-manager', controlPlane.controllerManagers),
    ...numbered('kube-scheduler', controlPlane.schedulers),
    ...workerNodes(config).map(({ name }) => ({ name, role: 'node' as const })),
  ];
}
