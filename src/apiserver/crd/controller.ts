// CustomResourceDefinitions at work: accepts names, establishes, serves and withdraws custom resources as definitions come, change and go
// (apiextensions-apiserver's naming, establishing and finalizing controllers, and its handler).
//
// Invariants: what is served follows the watch cache, so every API server serves the same set; conditions are written by compare-and-swap and only when they
// change; a definition that is deleted goes only after all its objects are gone.

import type { CustomResourceDefinition } from '../../api/generated/types.ts';
import { rfc3339 } from '../../env/clock.ts';
import { ownContext } from '../bootstrap.ts';
import { deepEqual } from '../object.ts';
import type { Core } from '../server/core.ts';
import { servedVersions } from './served-versions.ts';

const prefix = '/registry/apiextensions.k8s.io/customresourcedefinitions/';
const cleanup = 'customresourcecleanup.apiextensions.k8s.io';
const base = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

type Condition = NonNullable<NonNullable<CustomResourceDefinition['status']>['conditions']>[number];

/** Follows the definitions until stopped. */
export function runDefinitions(core: Core): { stop(): void } {
  const { cache } = core.store;
  const served = new Map<string, { uid: string; generation: number; keys: [string, string, string][] }>();
  let seen = '';
  let running = false;
  let again = false;
  let stopped = false;

  const list = () =>
    cache
      .collection(prefix)
      .list(prefix)
      .map(({ object }) => object as unknown as CustomResourceDefinition);

  function withdraw(name: string): void {
    for (const [group, version, resource] of served.get(name)?.keys ?? [])
      core.catalog.remove(group, version, resource);
    served.delete(name);
  }

  /** Serves exactly what is established. */
  function follow(): void {
    const all = list();
    const names = new Set(all.map(({ metadata }) => metadata.name));
    for (const name of [...served.keys()]) if (!names.has(name)) withdraw(name);
    for (const definition of all) {
      const { name, uid = '', generation = 0 } = definition.metadata;
      const established = definition.status?.conditions?.some(
        ({ type, status }) => type === 'Established' && status === 'True',
      );
      const known = served.get(name);
      if (!established || (known && known.uid === uid && known.generation === generation)) continue;
      const keys: [string, string, string][] = [];
      for (const { resource, strategy } of servedVersions(definition)) {
        core.catalog.add(resource, strategy);
        keys.push([resource.group, resource.version, resource.resource]);
      }
      for (const [group, version, resource] of known?.keys ?? [])
        if (!keys.some(([g, v, r]) => g === group && v === version && r === resource))
          core.catalog.remove(group, version, resource);
      served.set(name, { uid, generation, keys });
    }
  }

  async function settle(): Promise<void> {
    const all = list();
    for (const definition of all) {
      if (stopped) return;
      if (definition.metadata.deletionTimestamp) await finalize(core, definition);
      else await accept(core, definition, all);
    }
  }

  function onAdvance(): void {
    const stamp = `${cache.fills} ${cache.collection(prefix).changes}`;
    if (stamp === seen) return;
    seen = stamp;
    follow();
    void work();
  }

  async function work(): Promise<void> {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      try {
        await settle();
      } catch {
        // lost a race or the store: tried again shortly
        if (!stopped) core.env.clock.after(500, () => void work());
      }
    } while (again && !stopped);
    running = false;
  }

  const off = cache.onAdvance(onAdvance);
  onAdvance();
  return {
    stop() {
      stopped = true;
      off();
    },
  };
}

async function update(
  core: Core,
  name: string,
  subresource: string,
  change: (it: CustomResourceDefinition) => void,
): Promise<void> {
  const context = ownContext(core, 'PUT', `${base}/${name}${subresource ? `/${subresource}` : ''}`);
  await core.catalog.registry('apiextensions.k8s.io', 'customresourcedefinitions').update(
    '',
    name,
    context,
    async (current) => {
      const object = current.copy();
      change(object as unknown as CustomResourceDefinition);
      delete object.metadata.resourceVersion;
      return object;
    },
    { dryRun: false, subresource: subresource || 'finalizer' },
  );
}

function conditionsOf(
  core: Core,
  definition: CustomResourceDefinition,
  all: readonly CustomResourceDefinition[],
): Condition[] {
  const { names, group } = definition.spec;
  const old = definition.status?.conditions ?? [];
  const make = (type: string, status: string, reason: string, message: string): Condition => {
    const before = old.find((condition) => condition.type === type);
    const same = before?.status === status && before.reason === reason && before.message === message;
    return {
      lastTransitionTime: same ? before.lastTransitionTime : rfc3339(core.env.clock.now()),
      message,
      reason,
      status,
      type,
    } as Condition;
  };
  const rival = all.find(
    (other) =>
      other.metadata.name !== definition.metadata.name &&
      other.spec.group === group &&
      other.status?.conditions?.some(({ type, status }) => type === 'NamesAccepted' && status === 'True') &&
      (other.spec.names.kind === names.kind || other.spec.names.plural === names.plural),
  );
  if (rival) {
    const what =
      rival.spec.names.kind === names.kind
        ? `${JSON.stringify(names.kind)} is already in use`
        : `${JSON.stringify(names.plural)} is already in use`;
    const reason = rival.spec.names.kind === names.kind ? 'KindConflict' : 'PluralConflict';
    return [
      make('NamesAccepted', 'False', reason, what),
      make('Established', 'False', 'NotAccepted', 'not all names are accepted'),
    ];
  }
  return [
    make('NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'),
    make('Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted'),
  ];
}

async function accept(
  core: Core,
  definition: CustomResourceDefinition,
  all: readonly CustomResourceDefinition[],
): Promise<void> {
  const { name, finalizers } = definition.metadata;
  if (!finalizers?.includes(cleanup))
    await update(core, name, '', (it) => {
      it.metadata.finalizers = [...new Set([...(it.metadata.finalizers ?? []), cleanup])];
    });
  const conditions = conditionsOf(core, definition, all);
  const { names, versions } = definition.spec;
  const acceptedNames = {
    ...names,
    listKind: names.listKind ?? `${names.kind}List`,
    singular: names.singular ?? names.kind.toLowerCase(),
  };
  const storage = versions.find((version) => version.storage)?.name ?? '';
  const storedVersions = [...new Set([...(definition.status?.storedVersions ?? []), storage])];
  const status = { conditions, acceptedNames, storedVersions };
  if (deepEqual(status, definition.status)) return;
  await update(core, name, 'status', (it) => {
    it.status = status;
  });
}

async function finalize(core: Core, definition: CustomResourceDefinition): Promise<void> {
  const { name, finalizers } = definition.metadata;
  if (!finalizers?.includes(cleanup)) return;
  const found = core.catalog.findAny(definition.spec.group, definition.spec.names.plural);
  if (found) {
    const { registry, resource } = found;
    const all = await registry.store.fresh(resource.storagePrefix);
    for (const entry of all?.list(resource.storagePrefix) ?? []) {
      const { namespace = '', name: object } = entry.object.metadata;
      const context = ownContext(core, 'DELETE', `/apis/${resource.apiVersion}/${resource.resource}/${object}`);
      await registry.delete(namespace, object, context, {}).catch(() => {});
    }
    const left = await registry.store.fresh(resource.storagePrefix);
    if ((left?.list(resource.storagePrefix) ?? []).length > 0) throw new Error('objects remain');
  }
  await update(core, name, '', (it) => {
    it.metadata.finalizers = (it.metadata.finalizers ?? []).filter((each) => each !== cleanup);
  });
}
