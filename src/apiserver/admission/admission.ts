// Admission: what may change or refuse a write after it was authorized and before it is stored (apiserver/pkg/admission).
//
// Invariants: plugins run in upstream's recommended order, all mutating ones before all validating ones; when a policy or webhook has changed the object,
// the mutating ones run a second time, and never a third.

import { qualifiedResource } from '../../api/status.ts';
import { deepCopy, deepEqual, type KubeObject } from '../object.ts';
import type { ResourceInfo } from '../registry/resource.ts';
import type { RequestContext, UserInfo } from '../server/context.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** What a plugin that calls others (policies, webhooks) knows of those that it has called for one request: reinvocationPolicy IfNeeded. */
export class Calls {
  readonly #rounds: Rounds;
  readonly #askedAgain = new Set<string>();
  readonly #due = new Set<string>();
  #output: KubeObject | undefined;

  constructor(rounds: Rounds) {
    this.#rounds = rounds;
  }

  /** To be called before the others are. What has changed since this plugin's last round makes those due that asked to be called again. */
  begin(object: KubeObject | undefined): void {
    if (this.#rounds.again && this.#askedAgain.size > 0 && !deepEqual(this.#output, object)) this.#allDue();
  }

  /** Whether what `key` names is not to be called in this round. */
  skips(key: string): boolean {
    return this.#rounds.again && !this.#due.has(key);
  }

  /** Notes that `key` has been called, whether it is to be called again when others change the object after it, and whether it changed the object itself. */
  called(key: string, ifNeeded: boolean, changed: boolean): void {
    if (changed) this.changed();
    if (ifNeeded) this.#askedAgain.add(key);
  }

  /** Notes a change: there is a second round, and who asked for it takes part. */
  changed(): void {
    this.#rounds.wanted = true;
    this.#allDue();
  }

  /** To be called after the others were. */
  end(object: KubeObject | undefined): void {
    if (this.#askedAgain.size > 0) this.#output = object && (deepCopy(object) as KubeObject);
  }

  #allDue(): void {
    for (const key of this.#askedAgain) this.#due.add(key);
  }
}

/** The one or two rounds in which the mutating plugins see one request. */
export class Rounds {
  /** This is the second round. */
  again = false;
  /** Set when there is to be one. */
  wanted = false;
  readonly #calls = new Map<string, Calls>();

  of(plugin: string): Calls {
    let calls = this.#calls.get(plugin);
    if (!calls) {
      calls = new Calls(this);
      this.#calls.set(plugin, calls);
    }
    return calls;
  }
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
  rounds?: Rounds;
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
    const rounds = new Rounds();
    const object = await this.#round({ ...attributes, rounds });
    if (!rounds.wanted) return object;
    rounds.again = true;
    return this.#round({ ...attributes, object, rounds });
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
