// Admission: what may change or refuse a write after it was authorized and before it is stored (apiserver/pkg/admission).
//
// Invariant: plugins run in upstream's recommended order, all mutating ones before all validating ones.

import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { RequestContext, UserInfo } from '../server/context.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface AdmissionAttributes {
  operation: Operation;
  resource: ResourceInfo;
  subresource: string;
  namespace: string;
  name: string;
  /** In the version of the request. Mutating plugins change it in place or return another. */
  object: KubeObject | undefined;
  old: KubeObject | undefined;
  user: UserInfo;
  dryRun: boolean;
  context: RequestContext;
}

export interface AdmissionPlugin {
  name: string;
  mutate?(attributes: AdmissionAttributes): Promise<KubeObject | undefined> | KubeObject | undefined;
  validate?(attributes: AdmissionAttributes): Promise<void> | void;
}

export class Admission {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  /** Returns the object as the plugins want it. Throws what a plugin throws. */
  async mutate(attributes: AdmissionAttributes): Promise<KubeObject | undefined> {
    let { object } = attributes;
    for (const plugin of this.#plugins) {
      const changed = plugin.mutate?.({ ...attributes, object });
      object = (changed instanceof Promise ? await changed : changed) ?? object;
    }
    return object;
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#plugins) {
      const result = plugin.validate?.(attributes);
      if (result instanceof Promise) await result;
    }
  }
}
