// How an API server is set up. Names follow kube-apiserver's flags where there is one.

import type { EtcdClient } from '../etcd/client/types.ts';
import type { AdmissionConfiguration } from './admission/configuration.ts';
import type { StaticToken } from './auth/authenticator.ts';
import type { Connection } from './streams/http1.ts';

/** A component of the control plane, and where it says how it is. */
export interface ComponentServer {
  /** "scheduler", "controller-manager", "etcd-0" */
  name: string;
  /** "http://kube-scheduler-1:10259/healthz" */
  url: string;
  /** How it is asked. Default: over the cluster's network. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

export interface ApiServerConfig {
  /** The address it serves, unique among servers ("kube-apiserver-1:6443"). It also answers as "kube-apiserver:6443". */
  host: string;
  etcd: EtcdClient;
  /** --token-auth-file. */
  tokens: StaticToken[];
  /** --service-cluster-ip-range. Default 10.96.0.0/16. */
  serviceCidr?: string;
  /** --service-node-port-range. Default 30000-32767. */
  nodePortRange?: [number, number];
  /** --advertise-address: where pods reach this server; the endpoint of the Service "kubernetes". Default 172.18.0.1. */
  advertiseAddress?: string;
  /** --secure-port as pods see it. Default 6443. */
  advertisePort?: number;
  /** --service-account-issuer. */
  issuer?: string;
  /** PEM of the CA that clients trust, published in each namespace as kube-root-ca.crt by the controller manager, and in kubeconfigs. */
  caBundle?: string;
  /** --etcd-compaction-interval in milliseconds. Default 0: all history is kept, so that the page can go back in it (upstream: 5 minutes). */
  compactionInterval?: number;
  /** The secret by which a TLS front proves that it has verified a client's certificate. */
  frontKey?: string;
  /** --authorization-mode: AlwaysAllow lets everyone do everything. Default RBAC with the node authorizer. */
  authorizationMode?: 'RBAC' | 'AlwaysAllow';
  /** --admission-control-config-file, read. */
  admission?: AdmissionConfiguration;
  /** How webhooks at URLs are called; `ca`: the certificates (PEM) to trust in place of the host's. Default: the cluster's network. */
  fetch?: (url: string, init: RequestInit, ca?: string) => Promise<Response>;
  /** TLS over a connection to a webhook's Service. Left out where there is no TLS, as in a page: Services are then spoken to in plain HTTP. */
  secure?: (connection: Connection, trust: { serverName: string; ca?: string }) => Promise<Connection>;
  /** Runs what sends watchers their events: later, if more may gather meanwhile and go out with it. Default: at once. */
  pace?: (work: () => void) => void;
  /** Who is asked for ComponentStatuses. Default: nobody. */
  components?: ComponentServer[];
  /** Version in /version. Default v1.36.0. */
  version?: string;
}

export const defaults = {
  serviceCidr: '10.96.0.0/16',
  nodePortRange: [30000, 32767] as [number, number],
  advertiseAddress: '172.18.0.1',
  advertisePort: 6443,
  issuer: 'https://kubernetes.default.svc.cluster.local',
  version: 'v1.36.0',
};
