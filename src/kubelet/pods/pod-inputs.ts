// What a pod's specs may refer to, found for its volumes and for its containers' environment: config maps, secrets, tokens, services, the node, the pod itself.
//
// Invariant: an object is watched while a pod here uses it, and no longer (release).

import type { Pod, PodStatus, Service } from '../../api/generated/types.ts';
import type { Lister } from '../../client/indexer.ts';
import type { KubernetesObject } from '../../client/resources.ts';
import type { RestClient } from '../../client/rest-client.ts';
import type { NodeInfo } from '../../cri/node-os.ts';
import type { Env } from '../../env/env.ts';
import type { KubeletOptions } from '../config.ts';
import type { EnvironmentInputs } from '../containers/environment.ts';
import { newObjectCaches, type ObjectCaches } from '../volumes/object-cache.ts';
import type { PayloadInputs } from '../volumes/payload.ts';
import { TokenManager } from '../volumes/tokens.ts';

export interface PodInputsParts {
  env: Env;
  options: KubeletOptions;
  client: RestClient;
  services: Lister<Service>;
  nodeInfo(): NodeInfo;
  /** An object that the pod uses changed. */
  onChange(uid: string, object: KubernetesObject): void;
  /** A file in one of the pod's volumes. */
  readVolumeFile(uid: string, volume: string, path: string): Promise<string | undefined>;
}

export class PodInputs {
  private readonly parts: PodInputsParts;
  private readonly objects: ObjectCaches;
  private readonly tokens: TokenManager;

  constructor(parts: PodInputsParts) {
    this.parts = parts;
    const { env, client, options } = parts;
    const strategy = options.configMapAndSecretChangeDetectionStrategy ?? 'Watch';
    this.objects = newObjectCaches(env, client, strategy, parts.onChange);
    this.tokens = new TokenManager(env, client);
  }

  /** For volumes. */
  payload(pod: Pod, status: PodStatus): PayloadInputs {
    const { options, nodeInfo } = this.parts;
    const { uid = '', namespace = '' } = pod.metadata;
    return {
      pod,
      status,
      nodeName: options.nodeName,
      nodeIp: options.nodeIp,
      node: nodeInfo(),
      configMap: (name) => this.objects.configMaps.get(uid, namespace, name),
      secret: (name) => this.objects.secrets.get(uid, namespace, name),
      token: (audience, expirationSeconds) => this.tokens.get(pod, audience, expirationSeconds),
    };
  }

  /** For the environment of a container of the pod that has `status`. */
  environment(pod: Pod, status: PodStatus): EnvironmentInputs {
    const { services } = this.parts;
    const { uid = '', namespace = '' } = pod.metadata;
    const kubernetes = services.get('default', 'kubernetes');
    return {
      ...this.payload(pod, status),
      services: [...new Set([...services.list(namespace), ...(kubernetes ? [kubernetes] : [])])],
      fileKey: async (volume, path, key) => {
        const text = await this.parts.readVolumeFile(uid, volume, path);
        const line = text?.split('\n').find((candidate) => candidate.startsWith(`${key}=`));
        return line?.slice(key.length + 1);
      },
    };
  }

  /** The pod is gone. */
  release(uid: string): void {
    this.objects.configMaps.release(uid);
    this.objects.secrets.release(uid);
    this.tokens.forget(uid);
  }

  stop(): void {
    this.objects.configMaps.stop();
    this.objects.secrets.stop();
  }
}
