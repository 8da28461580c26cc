// CustomResourceDefinitions at work: accepts names, establishes, serves and withdraws custom resources as definitions come, change and go
// (apiextensions-apiserver's naming, establishing and finalizing controllers, and its handler).
//
// Invariants: what is served follows the watch cache, so every API server serves the same set; conditions are written by compare-and-swap and only when they
// change; a definition that is deleted goes only after all its objects are gone.

import type { CustomResourceDefinition } from '../../api/generated/types.ts';
import { rfc3339 } from '../../env/clock.ts';
import { ownContext, updateOwn } from '../bootstrap.ts';
import { deepEqual } from '../object.ts';
import type { Core } from '../server/core.ts';
import { servedVersions } from './served-versions.ts';

const prefix = '/registry/apiextensions.k8s.io/customresourcedefinitions/';
const cleanup = 'customresourcecleanup.apiextensions.k8s.io';

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
      for (const { resource, strategy } of servedVersions(core, definition)) {
        core.catalog.add(resource, strategy);
        keys.push([resource.group, resource.version, resource.resource]);
        // Watches that began under the old definition end: whoever watches again sees objects as the new one has them.
        if (known) cache.collection(resource.storagePrefix).cutAll();
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

const update = (
  core: Core,
  name: string,
  subresource: 'status' | 'finalizer',
  change: (it: CustomResourceDefinition) => void,
) => updateOwn(core, 'apiextensions.k8s.io', 'customresourcedefinitions', name, subresource, change);

type Names = CustomResourceDefinition['spec']['names'];

/** What others of the group have been given. */
function takenNames(definition: CustomResourceDefinition, all: readonly CustomResourceDefinition[]) {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const { metadata, spec, status } of all) {
    if (spec.group !== definition.spec.group || metadata.name === definition.metadata.name) continue;
    const { plural, singular, kind, listKind, shortNames = [] } = status?.acceptedNames ?? { plural: '', kind: '' };
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name);
    for (const name of [kind, listKind]) if (name) kinds.add(name);
  }
  return { resources, kinds };
}

const inUse = (name: string) => `${JSON.stringify(name)} is already in use`;

/** The names that can be had, and why not all of those that are asked for (naming_controller.go). */
function acceptNames(
  definition: CustomResourceDefinition,
  all: readonly CustomResourceDefinition[],
): { names: Names; conflict: { reason: string; message: string } | undefined } {
  const { names: wanted } = definition.spec;
  const had = definition.status?.acceptedNames;
  const { resources, kinds } = takenNames(definition, all);
  const names: Names = { ...(had ?? { plural: '', kind: '' }) };
  let conflict: { reason: string; message: string } | undefined;
  const claim = (field: 'plural' | 'singular' | 'kind' | 'listKind', taken: ReadonlySet<string>, reason: string) => {
    const name = wanted[field] ?? '';
    if (name !== had?.[field] && taken.has(name)) conflict = { reason, message: inUse(name) };
    else if (name !== '') names[field] = name;
  };
  claim('plural', resources, 'PluralConflict');
  claim('singular', resources, 'SingularConflict');
  const refused = (wanted.shortNames ?? []).filter((name) => !had?.shortNames?.includes(name) && resources.has(name));
  if (refused.length > 0) {
    const messages = refused.map(inUse);
    conflict = {
      reason: 'ShortNamesConflict',
      message: messages.length === 1 ? (messages[0] as string) : `[${messages.join(', ')}]`,
    };
  } else if (wanted.shortNames) names.shortNames = wanted.shortNames;
  else delete names.shortNames;
  claim('kind', kinds, 'KindConflict');
  claim('listKind', kinds, 'ListKindConflict');
  if (wanted.categories) names.categories = wanted.categories;
  else delete names.categories;
  return { names, conflict };
}

/** The conditions with `changes` in place of those of their types; a time moves only when its condition does. */
function withConditions(
  core: Core,
  old: readonly Condition[],
  changes: readonly [type: string, status: string, reason: string, message: string][],
): Condition[] {
  const out = [...old];
  for (const [type, status, reason, message] of changes) {
    const at = out.findIndex((condition) => condition.type === type);
    const before = out[at];
    if (before?.status === status && before.reason === reason && before.message === message) continue;
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : rfc3339(core.env.clock.now());
    const condition = { lastTransitionTime, message, reason, status, type } as Condition;
    if (at < 0) out.push(condition);
    else out[at] = condition;
  }
  return out;
}

async function accept(
  core: Core,
  definition: CustomResourceDefinition,
  all: readonly CustomResourceDefinition[],
): Promise<void> {
  const { name, finalizers, annotations } = definition.metadata;
  if (!finalizers?.includes(cleanup))
    await update(core, name, 'finalizer', (it) => {
      it.metadata.finalizers = [...new Set([...(it.metadata.finalizers ?? []), cleanup])];
    });
  const { names, conflict } = acceptNames(definition, all);
  const old = definition.status?.conditions ?? [];
  const established = old.some(({ type, status }) => type === 'Established' && status === 'True');
  const changes: [string, string, string, string][] = [
    conflict
      ? ['NamesAccepted', 'False', conflict.reason, conflict.message]
      : ['NamesAccepted', 'True', 'NoConflicts', 'no conflicts found'],
  ];
  // Once established a definition stays so.
  if (!established)
    changes.push(
      conflict
        ? ['Established', 'False', 'NotAccepted', 'not all names are accepted']
        : ['Established', 'True', 'InitialNamesAccepted', 'the initial names have been accepted'],
    );
  const approved = annotations?.['api-approved.kubernetes.io'];
  if (/(^|\.)(k8s|kubernetes)\.io$/.test(definition.spec.group) && approved !== undefined)
    changes.push(
      approved.startsWith('unapproved')
        ? [
            'KubernetesAPIApprovalPolicyConformant',
            'False',
            'UnapprovedAPI',
            `not approved: ${JSON.stringify(approved)}`,
          ]
        : ['KubernetesAPIApprovalPolicyConformant', 'True', 'ApprovedAnnotation', `approved in ${approved}`],
    );
  const storage = definition.spec.versions.find((version) => version.storage)?.name ?? '';
  const storedVersions = [...new Set([...(definition.status?.storedVersions ?? []), storage])];
  const status = { conditions: withConditions(core, old, changes), acceptedNames: names, storedVersions };
  if (deepEqual(status, definition.status)) return;
  await update(core, name, 'status', (it) => {
    it.status = status;
  });
}

async function terminating(
  core: Core,
  { metadata, status }: CustomResourceDefinition,
  change: [string, string, string],
) {
  await update(core, metadata.name, 'status', (it) => {
    if (it.status) it.status.conditions = withConditions(core, status?.conditions ?? [], [['Terminating', ...change]]);
  });
}

async function finalize(core: Core, definition: CustomResourceDefinition): Promise<void> {
  const { name, finalizers } = definition.metadata;
  if (!finalizers?.includes(cleanup)) return;
  const found = core.catalog.findAny(definition.spec.group, definition.spec.names.plural);
  const began = definition.status?.conditions?.some(({ type }) => type === 'Terminating');
  if (found && !began)
    await terminating(core, definition, [
      'True',
      'InstanceDeletionInProgress',
      'CustomResource deletion is in progress',
    ]);
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
  await update(core, name, 'finalizer', (it) => {
    it.metadata.finalizers = (it.metadata.finalizers ?? []).filter((each) => each !== cleanup);
  });
}
