// What a write to pods/ephemeralcontainers and pods/resize may change: that part of the spec and nothing else
// (podEphemeralContainersStrategy and podResizeStrategy; ValidatePodEphemeralContainersUpdate, ValidatePodResize).

import { type FieldError, type FieldErrorList, forbidden, invalid, path } from '../../api/field-error.ts';
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../api/generated/types.ts';
import { qosClass } from '../../api/qos.ts';
import { describeChange, validateWholePod } from '../../api/validation/index.ts';
import { deepCopy, deepEqual, type KubeObject } from '../object.ts';
import type { SubresourceStrategy } from '../registry/strategy.ts';

const spec = path('spec');
/** About the pod as a whole: upstream names no field. */
const refusal = (detail: string): FieldError => ({ ...forbidden(spec, detail), field: '' });
const mirror = 'kubernetes.io/config.mirror';
const asPod = (object: KubeObject) => object as unknown as Pod;
const isStatic = (pod: Pod): boolean => pod.metadata.annotations?.[mirror] !== undefined;

/** Everything as it was, but for what `take` brings over from the new object; ownership of fields is that of the write. */
function keepAllBut(object: KubeObject, old: KubeObject, take: (to: Pod, from: Pod) => void): void {
  const from = asPod(deepCopy(object));
  const { managedFields } = object.metadata;
  for (const field of Object.keys(object)) if (!(field in old)) delete object[field];
  Object.assign(object, deepCopy(old));
  if (managedFields) object.metadata.managedFields = managedFields;
  take(asPod(object), from);
}

export const ephemeralContainers: SubresourceStrategy = {
  prepare(object, old) {
    keepAllBut(object, old, (to, from) => {
      if (from.spec.ephemeralContainers?.length) to.spec.ephemeralContainers = from.spec.ephemeralContainers;
      else delete to.spec.ephemeralContainers;
    });
  },
  validate(object, old) {
    const pod = asPod(object);
    const before = asPod(old);
    if (isStatic(before)) return [refusal('static pods do not support ephemeral containers')];
    const errors: FieldErrorList = [];
    validateWholePod(errors, pod, before);
    const at = spec.child('ephemeralContainers');
    const now = pod.spec.ephemeralContainers ?? [];
    for (const known of before.spec.ephemeralContainers ?? []) {
      const after = now.find(({ name }) => name === known.name);
      const what = `existing ephemeral containers ${JSON.stringify(known.name)}`;
      if (!after) errors.push(forbidden(at, `${what} may not be removed\n`));
      else if (!deepEqual(after, known))
        errors.push(forbidden(at, `${what} may not be changed\n${describeChange(known, after).join('\n')}`));
    }
    return errors;
  },
};

const lists = ['containers', 'initContainers'] as const;

/** The old containers with the new ones' resources; the new ones where they are others, so that validation says so. */
function takeResources(old: readonly Container[], now: readonly Container[]): Container[] {
  if (old.length !== now.length || old.some(({ name }, i) => now[i]?.name !== name)) return [...now];
  return old.map((container, i) => {
    const { resources, resizePolicy, ...rest } = container;
    const wanted = now[i] as Container;
    const policy = wanted.resizePolicy ?? resizePolicy;
    // An absent and an empty field are the same to upstream.
    return {
      ...rest,
      ...((wanted.resources ?? resources) && { resources: wanted.resources ?? {} }),
      ...(policy && { resizePolicy: policy }),
    };
  });
}

const resizable = ['cpu', 'memory'];

function anyRemoved(now: Record<string, string> = {}, old: Record<string, string> = {}): boolean {
  return Object.keys(old).some((name) => now[name] === undefined);
}

/** The requirements without what may change. */
function fixedPart({ requests = {}, limits = {}, claims = [] }: ResourceRequirements = {}): unknown {
  const fixed = (list: Record<string, string>) =>
    Object.fromEntries(Object.entries(list).filter(([name]) => !resizable.includes(name)));
  return { requests: fixed(requests), limits: fixed(limits), claims };
}

const isSet = ({ resources }: PodSpec): boolean =>
  Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length > 0;

/** spec.resources: may come and change, not go. */
function podLevelErrors(errors: FieldErrorList, now: PodSpec, old: PodSpec): void {
  if (!isSet(now) && !isSet(old)) return;
  const at = spec.child('resources');
  if (old.resources && !now.resources) {
    errors.push(forbidden(at, 'pod-level resources cannot be removed'));
    return;
  }
  for (const field of ['requests', 'limits'] as const)
    if (anyRemoved(now.resources?.[field], old.resources?.[field]))
      errors.push(forbidden(at.child(field), `pod-level resource ${field} cannot be removed`));
  if (!deepEqual(fixedPart(now.resources), fixedPart(old.resources)))
    errors.push(forbidden(spec, 'only cpu and memory resources are mutable at pod-level'));
}

/** True: the same containers in the same order. */
function sameContainers(errors: FieldErrorList, now: PodSpec, old: PodSpec): boolean {
  const before = errors.length;
  for (const list of lists) {
    const [after, known] = [now[list] ?? [], old[list] ?? []];
    if (after.length !== known.length)
      errors.push(forbidden(spec.child(list), `${list} may not be added or removed on resize`));
    else
      for (const [i, { name }] of known.entries())
        if (after[i]?.name !== name)
          errors.push(
            forbidden(spec.child(list).index(i).child('name'), `${list} may not be renamed or reordered on resize`),
          );
  }
  return errors.length === before;
}

const withoutResources = ({ resources: _, ...rest }: Container): unknown => rest;

function containerErrors(errors: FieldErrorList, now: PodSpec, old: PodSpec): void {
  for (const list of ['initContainers', 'containers'] as const)
    for (const [i, known] of (old[list] ?? []).entries()) {
      if (list === 'initContainers' && known.restartPolicy !== 'Always') continue;
      for (const field of ['requests', 'limits'] as const)
        if (anyRemoved(now[list]?.[i]?.resources?.[field], known.resources?.[field]))
          errors.push(
            forbidden(spec.child(list).index(i).child('resources', field), `resource ${field} cannot be removed`),
          );
    }
  for (const list of lists)
    for (const [i, known] of (old[list] ?? []).entries()) {
      const after = now[list]?.[i] as Container;
      const same = deepEqual(withoutResources(after), withoutResources(known));
      const onlySizes = same && deepEqual(fixedPart(after.resources), fixedPart(known.resources));
      if (list === 'containers') {
        if (!onlySizes) errors.push(forbidden(spec, 'only cpu and memory resources are mutable'));
      } else if (known.restartPolicy === 'Always') {
        if (!onlySizes)
          errors.push(
            forbidden(
              spec.child(list).index(i),
              'only cpu and memory resources for init or sidecar containers are mutable',
            ),
          );
      } else if (!same || !deepEqual(after.resources ?? {}, known.resources ?? {}))
        errors.push(forbidden(spec, 'resources for non-sidecar init containers are immutable'));
    }
}

export const resize: SubresourceStrategy = {
  prepare(object, old) {
    keepAllBut(object, old, (to, from) => {
      const known = to.spec;
      if (lists.some((list) => (known[list] ?? []).length !== (from.spec[list] ?? []).length)) {
        to.spec = from.spec;
        return;
      }
      for (const list of lists) if (known[list]) known[list] = takeResources(known[list] ?? [], from.spec[list] ?? []);
      if (from.spec.resources) known.resources = from.spec.resources;
      else delete known.resources;
    });
  },
  validate(object, old) {
    const pod = asPod(object);
    const before = asPod(old);
    if (isStatic(before)) return [refusal('static pods cannot be resized')];
    if (before.spec.os?.name === 'windows') return [refusal('windows pods cannot be resized')];
    const errors: FieldErrorList = [];
    validateWholePod(errors, pod, before);
    const quality = before.status?.qosClass ?? qosClass(before.spec);
    if (quality !== qosClass(pod.spec))
      errors.push(invalid(spec, quality, 'Pod QOS Class may not change as a result of resizing'));
    podLevelErrors(errors, pod.spec, before.spec);
    if ((before.status?.nodeAllocatableResourceClaimStatuses ?? []).length > 0)
      errors.push(forbidden(spec, 'pods with node allocatable resource claims cannot be resized'));
    if (sameContainers(errors, pod.spec, before.spec)) containerErrors(errors, pod.spec, before.spec);
    return errors;
  },
};
