// Flags of kube-controller-manager that our controllers know, with upstream's defaults.

import type { CertificateSigner } from './certificates/signer-policy.ts';

export interface ControllerManagerConfig {
  /** --controllers: names, "*" for all that are on by default, "-name" for not that one. */
  controllers: string[];
  /** --cluster-cidr: pod addresses; node-ipam hands out pieces of it. */
  clusterCidr: string;
  /** --node-cidr-mask-size-ipv4 */
  nodeCidrMaskSize: number;
  allocateNodeCidrs: boolean;
  /** --node-monitor-period */
  nodeMonitorPeriodMs: number;
  /** --node-monitor-grace-period: silence after which a node is Unknown. */
  nodeMonitorGracePeriodMs: number;
  /** --node-startup-grace-period */
  nodeStartupGracePeriodMs: number;
  /** --terminated-pod-gc-threshold */
  terminatedPodGcThreshold: number;
  /** --concurrent-*-syncs, for all controllers. */
  workers: number;
  /** --horizontal-pod-autoscaler-sync-period */
  hpaSyncPeriodMs: number;
  /** PEM of the cluster's certificate authority, published as kube-root-ca.crt. */
  rootCa: string;
  /** --cluster-signing-cert-file and --cluster-signing-key-file, as who holds them. Left out, certificate requests are not signed. */
  certificateSigner?: CertificateSigner;
}

export const defaultConfig: ControllerManagerConfig = {
  controllers: ['*'],
  clusterCidr: '10.244.0.0/16',
  nodeCidrMaskSize: 24,
  allocateNodeCidrs: true,
  nodeMonitorPeriodMs: 5_000,
  nodeMonitorGracePeriodMs: 50_000,
  nodeStartupGracePeriodMs: 60_000,
  terminatedPodGcThreshold: 12_500,
  workers: 5,
  hpaSyncPeriodMs: 15_000,
  rootCa: '',
};
