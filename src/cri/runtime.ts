// The container runtime as the kubelet sees it: the calls of the Kubernetes CRI (runtime.v1), trimmed to what crosses a function call instead of gRPC.
// Implementations: hollow/ (no processes, for scale and simulation), v86/ (crun in an emulated Linux), docker/ (a real Docker Engine).
// One conformance suite (conformance.ts) runs on all of them.
//
// Invariants: ids are opaque; stop and remove of something unknown succeed (idempotent, as CRI demands); everything else unknown rejects with a
// RuntimeError of reason NotFound. Log files stay with the runtime: `logs` reads them.

export interface ContainerRuntime {
  /** Runtime name and version as Node.status.nodeInfo.containerRuntimeVersion shows them: "crun://1.8.1". */
  version(): Promise<{ runtimeName: string; runtimeVersion: string }>;

  runPodSandbox(config: PodSandboxConfig): Promise<string>;
  /** Stops every container in it and gives back its network. */
  stopPodSandbox(podSandboxId: string): Promise<void>;
  removePodSandbox(podSandboxId: string): Promise<void>;
  listPodSandboxes(): Promise<PodSandboxStatus[]>;

  createContainer(podSandboxId: string, config: ContainerConfig): Promise<string>;
  startContainer(containerId: string): Promise<void>;
  /** SIGTERM (or the image's StopSignal), then SIGKILL after `timeoutSeconds`. Resolves when the process is gone. */
  stopContainer(containerId: string, timeoutSeconds: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  listContainers(): Promise<ContainerStatus[]>;
  containerStatus(containerId: string): Promise<ContainerStatus>;
  /** Changes resource limits of a running container. */
  updateContainerResources(containerId: string, resources: LinuxContainerResources): Promise<void>;

  /** Runs a command to its end. Past `timeoutSeconds` of the runtime's own time it is killed and the call rejects with reason DeadlineExceeded. */
  execSync(containerId: string, command: string[], timeoutSeconds: number): Promise<ExecResult>;
  exec(containerId: string, options: ExecOptions): Promise<Process>;
  /** Joins the running main process's streams. */
  attach(containerId: string, options: { stdin: boolean; tty: boolean }): Promise<Process>;
  /** A TCP connection to a port inside the pod's network namespace (127.0.0.1 there). */
  portForward(podSandboxId: string, port: number): Promise<Duplex>;

  /** Log lines of a container, oldest first; follows until the container ends or the signal aborts if asked to. */
  logs(containerId: string, options: LogOptions): AsyncIterable<LogLine>;

  /** Starts and ends of containers, as they happen. */
  events(signal: AbortSignal): AsyncIterable<ContainerEvent>;

  /** Fetches an image unless it is there; resolves with its id. Rejects with reason NotFound, InvalidArgument or Unavailable and containerd's wording. */
  pullImage(image: string): Promise<string>;
  imageStatus(image: string): Promise<Image | undefined>;
  listImages(): Promise<Image[]>;
  removeImage(image: string): Promise<void>;

  stats(): Promise<ContainerStats[]>;
}

export type RuntimeErrorReason =
  | 'NotFound'
  | 'InvalidArgument'
  | 'AlreadyExists'
  | 'DeadlineExceeded'
  | 'Unavailable'
  | 'FailedPrecondition'
  | 'Internal';

/** What a runtime call rejects with. `message` is shown to users as kubelet shows it, so it is worded as containerd and crun word it. */
export class RuntimeError extends Error {
  readonly reason: RuntimeErrorReason;

  constructor(reason: RuntimeErrorReason, message: string) {
    super(message);
    this.name = 'RuntimeError';
    this.reason = reason;
  }
}

export interface PodSandboxConfig {
  metadata: { name: string; namespace: string; uid: string; attempt: number };
  hostname: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  dns: { servers: string[]; searches: string[]; options: string[] };
  /** Lines added to /etc/hosts by hostAliases. */
  hostAliases: { ip: string; hostnames: string[] }[];
  hostNetwork: boolean;
  shareProcessNamespace: boolean;
  sysctls: Record<string, string>;
  /** Parent cgroup under kubepods by QoS class, e.g. "/kubepods/burstable/pod<uid>". */
  cgroupParent: string;
}

export interface PodSandboxStatus {
  id: string;
  metadata: PodSandboxConfig['metadata'];
  state: 'ready' | 'notready';
  /** Cluster ms. */
  createdAt: number;
  /** Pod IP, first family. Empty for hostNetwork. */
  ip: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface LinuxContainerResources {
  /** cpu.weight in CRI's terms: shares (2-262144). */
  cpuShares?: number;
  /** Microseconds per cpuPeriod; 0 or absent: unlimited. */
  cpuQuota?: number;
  cpuPeriod?: number;
  memoryLimitInBytes?: number;
  oomScoreAdj?: number;
}

export interface Mount {
  containerPath: string;
  /** A path on the node, as NodeOs.volumePath gave it. */
  hostPath: string;
  readonly: boolean;
}

export interface ContainerConfig {
  metadata: { name: string; attempt: number };
  image: string;
  /** Overrides the image's entrypoint if not empty. */
  command: string[];
  /** Overrides the image's cmd if not empty. */
  args: string[];
  workingDir: string;
  envs: { key: string; value: string }[];
  mounts: Mount[];
  labels: Record<string, string>;
  annotations: Record<string, string>;
  stdin: boolean;
  stdinOnce: boolean;
  tty: boolean;
  resources: LinuxContainerResources;
  securityContext: {
    runAsUser?: number;
    runAsGroup?: number;
    supplementalGroups: number[];
    privileged: boolean;
    readonlyRootfs: boolean;
    noNewPrivs: boolean;
    addCapabilities: string[];
    dropCapabilities: string[];
  };
}

export interface ContainerStatus {
  id: string;
  podSandboxId: string;
  metadata: ContainerConfig['metadata'];
  state: 'created' | 'running' | 'exited' | 'unknown';
  /** Cluster ms; 0 until it happened. */
  createdAt: number;
  startedAt: number;
  finishedAt: number;
  exitCode: number;
  /** The signal that ended it, if one did. */
  signal?: number;
  /** "Completed", "Error", "OOMKilled", "ContainerCannotRun", "StartError". Empty while it runs. */
  reason: string;
  message: string;
  image: string;
  /** Resolved image id ("docker.io/library/busybox@sha256:..."). */
  imageRef: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  /** PID in the node's own namespace; 0 unless running. Hollow containers have made-up ones. */
  pid: number;
}

export interface ExecOptions {
  command: string[];
  tty: boolean;
  stdin: boolean;
}

export interface ExecResult {
  stdout: Uint8Array;
  stderr: Uint8Array;
  exitCode: number;
}

/** Bytes in, bytes out. */
export interface Duplex {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/** A process somebody is attached to. */
export interface Process {
  stdin: WritableStream<Uint8Array>;
  stdout: ReadableStream<Uint8Array>;
  /** Empty when there is a tty. */
  stderr: ReadableStream<Uint8Array>;
  resize(columns: number, rows: number): void;
  /** Ends it from outside (the client went away). */
  kill(): void;
  /** Exit code; 128 + signal if a signal ended it. */
  exited: Promise<number>;
}

export interface LogOptions {
  follow?: boolean;
  tailLines?: number;
  /** Cluster ms. */
  sinceTime?: number;
  signal?: AbortSignal;
}

export interface LogLine {
  /** RFC 3339 with nanoseconds, as CRI log files carry it. */
  timestamp: string;
  stream: 'stdout' | 'stderr';
  /** With its newline, if it had one. */
  content: Uint8Array;
}

export interface ContainerEvent {
  type: 'started' | 'stopped' | 'deleted' | 'sandbox-stopped';
  podSandboxId: string;
  /** Empty for sandbox events. */
  containerId: string;
  podUid: string;
  pid?: number;
  exitCode?: number;
}

export interface Image {
  id: string;
  repoTags: string[];
  repoDigests: string[];
  /** Bytes. */
  size: number;
  /** The user the image's processes run as (0: root). Left out: not known. */
  uid?: number;
}

export interface ContainerStats {
  containerId: string;
  podUid: string;
  /** Cumulative CPU time in nanoseconds. */
  cpuUsageNanos: number;
  memoryWorkingSetBytes: number;
}
