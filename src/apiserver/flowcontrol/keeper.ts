// Keeps the flow schemas and priority levels of every cluster: what was deleted comes back, and what is the server's to say is as it says; each schema's status
// says whether its priority level exists (flowcontrol's config producer and consumer).
//
// Invariant: it writes only what differs, so that several servers over one store come to rest.

import type { FlowSchema, PriorityLevelConfiguration } from '../../api/generated/types.ts';
import { rfc3339 } from '../../env/clock.ts';
import { ensureFlowControl, updateOwn } from '../bootstrap.ts';
import { deepCopy, deepEqual } from '../object.ts';
import { keep } from '../registry/keeper.ts';
import type { Core } from '../server/core.ts';
import { levelsPrefix, objects, schemasPrefix } from './classifier.ts';
import { autoUpdate, flowSchemas, priorityLevels } from './defaults.ts';

const group = 'flowcontrol.apiserver.k8s.io';

type Kept = FlowSchema | PriorityLevelConfiguration;
const defaults: [plural: string, prefix: string, all: readonly Kept[]][] = [
  ['prioritylevelconfigurations', levelsPrefix, priorityLevels],
  ['flowschemas', schemasPrefix, flowSchemas],
];

/** Follows the objects until stopped. */
export function keepFlowControl(core: Core): { stop(): void } {
  const { cache } = core.store;
  return keep(core, {
    stamp: () => `${cache.collection(schemasPrefix).changes} ${cache.collection(levelsPrefix).changes}`,
    settle: () => settle(core),
  });
}

async function settle(core: Core): Promise<void> {
  const all = <T extends Kept>(prefix: string) => objects<T>(core.store.cache.collection(prefix), prefix);
  for (const [plural, prefix, wanted] of defaults) {
    const there = new Map(all(prefix).map((object) => [nameOf(object), object]));
    if (wanted.some((object) => !there.has(nameOf(object)))) await ensureFlowControl(core);
    await Promise.all(wanted.map((object) => restore(core, plural, object, there.get(nameOf(object)))));
  }
  const levels = new Set(all(levelsPrefix).map(nameOf));
  await Promise.all(all<FlowSchema>(schemasPrefix).map((schema) => tell(core, schema, levels)));
}

const nameOf = ({ metadata }: Kept) => metadata?.name ?? '';

/** Makes the spec what it should be, where that is not for others to say. */
async function restore(core: Core, plural: string, wanted: Kept, there: Kept | undefined): Promise<void> {
  if (!there || deepEqual(there.spec, wanted.spec)) return;
  if (there.metadata?.annotations?.[autoUpdate] !== 'true') return;
  await updateOwn(core, group, plural, nameOf(there), '', (it: Kept) => {
    Object.assign(it, { spec: deepCopy(wanted.spec) });
  });
}

/** Notes in the status whether the schema's level exists. */
async function tell(core: Core, schema: FlowSchema, levels: ReadonlySet<string>): Promise<void> {
  const level = schema.spec?.priorityLevelConfiguration.name ?? '';
  const start = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
  const [status, reason, message] = levels.has(level)
    ? ['False', 'Found', `${start} and it exists`]
    : ['True', 'NotFound', `${start} but there is no such object`];
  const conditions = schema.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'Dangling');
  if (before?.status === status && before.reason === reason && before.message === message) return;
  const lastTransitionTime = rfc3339(core.env.clock.now());
  await updateOwn(core, group, 'flowschemas', nameOf(schema), 'status', (it: FlowSchema) => {
    const others = (it.status?.conditions ?? []).filter(({ type }) => type !== 'Dangling');
    it.status = { conditions: [...others, { lastTransitionTime, message, reason, status, type: 'Dangling' }] };
  });
}
