// Fields of pods and pod templates that belong to features which are off by default: they are dropped, unless the object had them
// (pkg/api/pod: DropDisabledTemplateFields, DropDisabledPodFields).

import type { Lifecycle, PodSpec } from '../../api/generated/types.ts';
import type { Strategy } from '../registry/strategy.ts';
import { templateOf } from './pod-warnings.ts';

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
const projections = ['clusterTrustBundle', 'podCertificate'] as const;

const lifecycles = (spec: PodSpec | undefined): { lifecycle?: Lifecycle }[] =>
  lists.flatMap((list) => spec?.[list] ?? []);
const sources = (spec: PodSpec | undefined) =>
  (spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);

export function dropDisabledFields(spec: PodSpec | undefined, old: PodSpec | undefined): void {
  if (!spec) return;
  if (spec.schedulingGroup && !old?.schedulingGroup) delete spec.schedulingGroup;
  for (const container of lifecycles(spec)) {
    if (container.lifecycle?.stopSignal === undefined) continue;
    if (lifecycles(old).some(({ lifecycle }) => lifecycle?.stopSignal !== undefined)) break;
    delete container.lifecycle.stopSignal;
    if (Object.keys(container.lifecycle).length === 0) delete container.lifecycle;
  }
  for (const source of sources(spec))
    for (const kind of projections) if (source[kind] && !sources(old).some((each) => each[kind])) delete source[kind];
}

/** The strategy of a kind that makes pods, by "plural.group", with its template freed of such fields. */
export function withoutDisabledFields(resource: string, strategy: Strategy | undefined): Strategy {
  return {
    ...strategy,
    prepareForCreate(object, context) {
      dropDisabledFields(templateOf(resource, object)?.spec, undefined);
      strategy?.prepareForCreate?.(object, context);
    },
    prepareForUpdate(object, old, context) {
      dropDisabledFields(templateOf(resource, object)?.spec, templateOf(resource, old)?.spec);
      strategy?.prepareForUpdate?.(object, old, context);
    },
  };
}
