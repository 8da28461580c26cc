// The kubelet's configuration. Names follow KubeletConfiguration (kubelet.config.k8s.io/v1beta1) where there is one.

import type { NodeOs } from '../cri/node-os.ts';
import type { ContainerRuntime } from '../cri/runtime.ts';
import type { ChangeDetection } from './volumes/object-cache.ts';

export const kubeletVersion = 'v1.36.0';

export interface KubeletOptions {
  /** "http://kube-apiserver:6443". */
  server: string;
  /** Bearer token of system:node:<nodeName>. */
  token: string;
  nodeName: string;
  nodeIp: string;
  runtime: ContainerRuntime;
  os: NodeOs;
  /** Added to the node's labels when it registers. */
  nodeLabels?: Record<string, string>;
  /** "key=value:Effect" is written as objects here. */
  registerWithTaints?: { key: string; value?: string; effect: string }[];
  /** The node's pod range, if it should bring its own instead of waiting for one to be put into node.spec.podCIDR. */
  podCidr?: string;
  /** The whole pod range. Default "10.244.0.0/16". */
  clusterCidr?: string;
  /** Default ["10.96.0.10"]. */
  clusterDns?: string[];
  /** Default "cluster.local". */
  clusterDomain?: string;
  /** Default 110. */
  maxPods?: number;
  /** Kept from allocatable: cores and bytes. Default none. */
  systemReserved?: { cpu?: number; memoryBytes?: number };
  /** ms between looks at a pod that nothing happened to. Default 60 s. */
  syncFrequencyMs?: number;
  /** ms between node status reports when nothing changed. Default 5 min. */
  nodeStatusReportFrequencyMs?: number;
  /** Default 40, renewed every quarter of it. */
  nodeLeaseDurationSeconds?: number;
  /** Default "Watch"; "Get" spares thousands of simulated nodes a watch per object. */
  configMapAndSecretChangeDetectionStrategy?: ChangeDetection;
  /** Whether this node needs to know the other nodes' pod ranges. Default: true unless the runtime is hollow. */
  nodeRoutes?: boolean;
  /** Seconds between the deletion of a ready pod and the first signal to its containers, where kube-proxies are slower than signals. Default 0. */
  endpointsHeadStartSeconds?: number;
  /** Pods are evicted when less memory than this is available. Default: 5 % of the node's, at most 100 MiB; 0: never. */
  evictionHardMemoryBytes?: number;
}
