// The Node object as the kubelet registers and reports it. Upstream: kubelet_node_status.go, nodestatus/setters.go.
//
// Invariant: pure functions of what the machine says and of the conditions handed in.

import type { ContainerImage, Node, NodeCondition, NodeStatus } from '../../api/generated/types.ts';
import { canonicalQuantity } from '../../api/quantity.ts';
import type { NodeInfo } from '../../cri/node-os.ts';
import { rfc3339 } from '../../env/clock.ts';
import { type KubeletOptions, kubeletVersion } from '../config.ts';

export interface NodeFacts {
  info: NodeInfo;
  /** "crun://1.8.1". */
  runtimeVersion: string;
  images: ContainerImage[];
  /** Why the node is not ready; empty: it is. */
  problems: string[];
  memoryPressure: boolean;
  /** Cluster ms. */
  now: number;
}

export function newNode(options: KubeletOptions, facts: NodeFacts): Node {
  const { nodeName } = options;
  const { architecture } = facts.info;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: {
        'beta.kubernetes.io/arch': architecture,
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': architecture,
        'kubernetes.io/hostname': nodeName,
        'kubernetes.io/os': 'linux',
        ...options.nodeLabels,
      },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: {
      ...(options.podCidr ? { podCIDR: options.podCidr, podCIDRs: [options.podCidr] } : {}),
      ...(options.registerWithTaints?.length ? { taints: options.registerWithTaints } : {}),
    },
    status: nodeStatus(options, facts, undefined),
  };
}

export function nodeStatus(options: KubeletOptions, facts: NodeFacts, before: NodeStatus | undefined): NodeStatus {
  const { info } = facts;
  const { cpu = 0, memoryBytes = 0 } = options.systemReserved ?? {};
  const pods = String(options.maxPods ?? 110);
  return {
    addresses: [
      { type: 'InternalIP', address: options.nodeIp },
      { type: 'Hostname', address: options.nodeName },
    ],
    capacity: {
      cpu: String(info.cpu),
      'ephemeral-storage': kibibytes(info.ephemeralStorageBytes),
      memory: kibibytes(info.memoryBytes),
      pods,
    },
    allocatable: {
      cpu: canonicalQuantity(`${Math.round((info.cpu - cpu) * 1000)}m`),
      'ephemeral-storage': kibibytes(info.ephemeralStorageBytes),
      memory: kibibytes(info.memoryBytes - memoryBytes),
      pods,
    },
    conditions: conditions(facts, before?.conditions ?? []),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: {
      architecture: info.architecture,
      bootID: info.bootId,
      containerRuntimeVersion: facts.runtimeVersion,
      kernelVersion: info.kernelVersion,
      kubeProxyVersion: '',
      kubeletVersion,
      machineID: info.machineId,
      operatingSystem: 'linux',
      osImage: info.osImage,
      systemUUID: info.machineId,
    },
    images: facts.images,
  };
}

function conditions(facts: NodeFacts, before: NodeCondition[]): NodeCondition[] {
  const now = rfc3339(facts.now);
  const make = (type: string, ok: boolean, reason: string, message: string): NodeCondition => {
    const status = ok ? 'True' : 'False';
    const old = before.find((condition) => condition.type === type);
    return {
      type,
      status,
      lastHeartbeatTime: now,
      lastTransitionTime: old?.status === status ? (old.lastTransitionTime ?? now) : now,
      reason,
      message,
    };
  };
  return [
    facts.memoryPressure
      ? make('MemoryPressure', true, 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available')
      : make('MemoryPressure', false, 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
    make('DiskPressure', false, 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    make('PIDPressure', false, 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    facts.problems.length === 0
      ? make('Ready', true, 'KubeletReady', 'kubelet is posting ready status')
      : make(
          'Ready',
          false,
          'KubeletNotReady',
          facts.problems.length === 1 ? (facts.problems[0] as string) : `[${facts.problems.join(', ')}]`,
        ),
  ];
}

function kibibytes(bytes: number): string {
  return canonicalQuantity(`${Math.floor(Math.max(0, bytes) / 1024)}Ki`);
}
