// Admission: what may change or refuse a write after it was authorized and before it is stored (apiserver/pkg/admission).
//
// Invariants: plugins run in upstream's recommended order, all mutating ones before all validating ones; when a policy or webhook has changed the object,
// the mutating ones run a second time, and never a third.

import { qualifiedResource } from '../../api/status.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { RequestContext, UserInfo } from '../server/context.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** What the mutating plugins of one request know of each other (reinvocationPolicy: IfNeeded). */
export interface Reinvocation {
  /** This is the second round. */
  again: boolean;
  /** Set by a plugin that wants one. */
  wanted: boolean;
  /** Policies and webhooks that asked to be called again, by key, once another has changed the object after them. */
  readonly askedAgain: Set<string>;
  readonly due: Set<string>;
}

export interface AdmissionAttributes {
  operation: Operation;
  resource: ResourceInfo;
  subresource: string;
  namespace: string;
  name: string;
  /**
   * In the version of the request. Mutating plugins change it in place or return another. Of a subresource it is what was sent there (an Eviction, a Scale); of a
   * CONNECT its options, which have no metadata.
   */
  object: KubeObject | undefined;
  old: KubeObject | undefined;
  user: UserInfo;
  dryRun: boolean;
  context: RequestContext;
  /** There while the object may still be changed. */
  reinvocation?: Reinvocation;
}

export interface AdmissionPlugin {
  name: string;
  /** The resources that it has anything to say of ("pods", "jobs.batch"). Left out: all. */
  resources?: readonly string[];
  mutate?(attributes: AdmissionAttributes): Promise<KubeObject | undefined> | KubeObject | undefined;
  validate?(attributes: AdmissionAttributes): Promise<void> | void;
}

type Mutating = AdmissionPlugin & Required<Pick<AdmissionPlugin, 'mutate'>>;
type Validating = AdmissionPlugin & Required<Pick<AdmissionPlugin, 'validate'>>;

interface Chain {
  mutating: readonly Mutating[];
  validating: readonly Validating[];
}

export class Admission {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #chains = new WeakMap<ResourceInfo, Chain>();

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  /** The plugins that a resource meets. */
  #chain(resource: ResourceInfo): Chain {
    let chain = this.#chains.get(resource);
    if (!chain) {
      const name = qualifiedResource(resource.groupResource);
      const concerned = this.#plugins.filter(({ resources }) => resources === undefined || resources.includes(name));
      chain = {
        mutating: concerned.filter((plugin): plugin is Mutating => plugin.mutate !== undefined),
        validating: concerned.filter((plugin): plugin is Validating => plugin.validate !== undefined),
      };
      this.#chains.set(resource, chain);
    }
    return chain;
  }

  /** Returns the object as the plugins want it. Throws what a plugin throws. */
  async mutate(attributes: AdmissionAttributes): Promise<KubeObject | undefined> {
    const reinvocation: Reinvocation = { again: false, wanted: false, askedAgain: new Set(), due: new Set() };
    const object = await this.#round({ ...attributes, reinvocation });
    if (!reinvocation.wanted) return object;
    reinvocation.again = true;
    return this.#round({ ...attributes, object, reinvocation });
  }

  async #round(attributes: AdmissionAttributes): Promise<KubeObject | undefined> {
    const current = { ...attributes };
    for (const plugin of this.#chain(attributes.resource).mutating) {
      const changed = plugin.mutate(current);
      current.object = (changed instanceof Promise ? await changed : changed) ?? current.object;
    }
    return current.object;
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#chain(attributes.resource).validating) {
      const result = plugin.validate(attributes);
      if (result instanceof Promise) await result;
    }
  }
}

/** Notes that what `key` names has changed the object: those before it that asked to be called again are due. */
export function noteChange(reinvocation: Reinvocation | undefined): void {
  if (!reinvocation) return;
  reinvocation.wanted = true;
  for (const key of reinvocation.askedAgain) reinvocation.due.add(key);
}
