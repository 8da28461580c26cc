// What kubelet and kube-proxy do to the machine they run on, beside containers: volumes, probes from the host, packet rules, routes, a shell.
// Each runtime brings one: a pretend one (hollow), a v86 guest, a Docker host.

import type { Clock } from '../env/clock.ts';
import type { Duplex, ExecOptions, ExecResult, Process } from './runtime.ts';

export interface NodeOs {
  /**
   * Time as programs on this machine feel it, for the waits between probes: a fast-forwarded cluster clock must not make a slow machine look dead.
   * Left out: the cluster's clock.
   */
  readonly clock?: Clock;

  info(): Promise<NodeInfo>;

  /** Gives the node its name, address and the pod range it owns; called once before the first sandbox and again when they change. */
  configureNetwork(config: NodeNetworkConfig): Promise<void>;

  /** Replaces the node's kube-proxy rules atomically with an nftables script (`nft -f`). Rejects with nft's words if it does not parse. */
  applyNftables(script: string): Promise<void>;

  /** The directory of a pod's volume, made if need be; mount it through ContainerConfig.mounts. Memory-backed ones get their size limit in bytes. */
  volumePath(podUid: string, volumeName: string, options?: { medium?: 'Memory'; sizeLimit?: number }): Promise<string>;
  /** Writes files into such a directory so that a reader sees all old or all new ones (upstream's AtomicWriter with its ..data link). */
  writeVolume(path: string, files: VolumeFile[]): Promise<void>;
  /** Reads one file on the node (termination messages). Undefined if it is not there. */
  readFile(path: string, limitBytes: number): Promise<Uint8Array | undefined>;
  /** Removes all volumes of a pod. */
  removeVolumes(podUid: string): Promise<void>;
  /** Makes sure a hostPath exists as its type demands; rejects with kubelet's words. Resolves with the path to mount. */
  hostPath(path: string, type: string): Promise<string>;

  /** One HTTP GET from the node, in the node's own time (so that a fast-forwarded cluster clock does not fail probes). */
  probeHttp(request: HttpProbe): Promise<ProbeOutcome>;
  /** One TCP connection attempt. */
  probeTcp(host: string, port: number, timeoutSeconds: number): Promise<ProbeOutcome>;

  /** A TCP connection from the node's network: to pods, to Service addresses. */
  dial(host: string, port: number): Promise<Duplex>;

  /** Runs a command on the node itself. */
  run(command: string[]): Promise<ExecResult>;
  /** A shell or any other command on the node itself, with streams. */
  shell(options: ExecOptions): Promise<Process>;
}

export interface NodeInfo {
  /** Cores. */
  cpu: number;
  memoryBytes: number;
  ephemeralStorageBytes: number;
  kernelVersion: string;
  osImage: string;
  architecture: string;
  machineId: string;
  bootId: string;
}

export interface NodeNetworkConfig {
  nodeName: string;
  nodeIp: string;
  /** "10.244.1.0/24". */
  podCidr: string;
  /** The cluster's whole pod range: traffic within it is not masqueraded. */
  clusterCidr: string;
  /** How to reach the other nodes' pods. */
  routes: { podCidr: string; via: string }[];
}

export interface VolumeFile {
  /** Relative, no "..". */
  path: string;
  content: Uint8Array;
  /** Permission bits, e.g. 0o644. */
  mode: number;
}

export interface HttpProbe {
  scheme: 'http' | 'https';
  host: string;
  port: number;
  path: string;
  headers: { name: string; value: string }[];
  timeoutSeconds: number;
}

export interface ProbeOutcome {
  success: boolean;
  /** As kubelet's events word it: "HTTP probe failed with statuscode: 500", "dial tcp 10.244.1.5:80: connect: connection refused". */
  message: string;
}
