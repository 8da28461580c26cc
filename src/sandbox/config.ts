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

/** The names of the processes a configuration asks for, in starting order. */
export function processNames(config: ClusterConfig): { name: string; role: ProcessRole }[] {
  const numbered = (role: ProcessRole, prefix: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `${prefix}-${i + 1}`, role }));
  return [
    ...numbered('etcd', 'etcd', config.controlPlane.etcd),
    ...numbered('kube-apiserver', 'kube-apiserver', config.controlPlane.apiServers),
    ...numbered('kube-controller-manager', 'kube-controller-manager', config.controlPlane.controllerManagers),
    ...numbered('kube-scheduler', 'kube-scheduler', config.controlPlane.schedulers),
    ...numbered('node', 'node', config.nodes.filter((node) => node.role === 'worker').length),
  ];
}

export type ProcessRole = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'node';
