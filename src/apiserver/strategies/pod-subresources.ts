// What a write to pods/ephemeralcontainers and pods/resize may change: that part of the spec and nothing else
// (podEphemeralContainersStrategy and podResizeStrategy; ValidatePodEphemeralContainersUpdate, ValidatePodResize).

import { type FieldErrorList, forbidden, invalid, path } from '../../api/field-error.ts';
import type { Container, Pod } from '../../api/generated/types.ts';
import { qosClass } from '../../api/qos.ts';
import { validatePodSpec } from '../../api/validation/index.ts';
import { deepCopy, deepEqual, type KubeObject } from '../object.ts';
import type { SubresourceStrategy } from '../registry/strategy.ts';

const spec = path('spec');
const asPod = (object: KubeObject) => object as unknown as Pod;

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
    const errors: FieldErrorList = [];
    const now = asPod(object).spec.ephemeralContainers ?? [];
    for (const [i, before] of (asPod(old).spec.ephemeralContainers ?? []).entries()) {
      const at = spec.child('ephemeralContainers').index(i);
      const after = now.find(({ name }) => name === before.name);
      const what = `existing ephemeral containers ${JSON.stringify(before.name)}`;
      if (!after) errors.push(forbidden(at, `${what} may not be removed\n`));
      else if (!deepEqual(after, before)) errors.push(forbidden(at, `${what} may not be changed\n`));
    }
    validatePodSpec(errors, asPod(object).spec, spec);
    return errors;
  },
};

function takeResources(to: Container[] | undefined, from: Container[] | undefined): void {
  for (const container of to ?? []) {
    const wanted = from?.find(({ name }) => name === container.name);
    if (!wanted) continue;
    container.resources = wanted.resources ?? {};
    if (wanted.resizePolicy) container.resizePolicy = wanted.resizePolicy;
  }
}

const resizable = new Set(['cpu', 'memory']);

function containerErrors(errors: FieldErrorList, list: 'containers' | 'initContainers', pod: Pod, before: Pod): void {
  for (const [i, container] of (pod.spec[list] ?? []).entries()) {
    const at = spec.child(list).index(i).child('resources');
    const was = before.spec[list]?.[i]?.resources ?? {};
    const now = container.resources ?? {};
    if (deepEqual(was, now)) continue;
    for (const field of ['requests', 'limits'] as const) {
      for (const name of Object.keys(was[field] ?? {}))
        if (now[field]?.[name] === undefined)
          errors.push(forbidden(at.child(field), `resource ${field} cannot be removed`));
      const names = new Set([...Object.keys(was[field] ?? {}), ...Object.keys(now[field] ?? {})]);
      for (const name of names)
        if (!resizable.has(name) && was[field]?.[name] !== now[field]?.[name])
          errors.push(forbidden(spec, 'only cpu and memory resources are mutable'));
    }
    if (list === 'initContainers' && container.restartPolicy !== 'Always')
      errors.push(forbidden(spec.child(list), 'resources for non-sidecar init containers are immutable'));
  }
}

export const resize: SubresourceStrategy = {
  prepare(object, old) {
    keepAllBut(object, old, (to, from) => {
      takeResources(to.spec.containers, from.spec.containers);
      takeResources(to.spec.initContainers, from.spec.initContainers);
    });
  },
  validate(object, old) {
    const errors: FieldErrorList = [];
    const pod = asPod(object);
    const before = asPod(old);
    if (before.status?.phase === 'Succeeded' || before.status?.phase === 'Failed')
      errors.push(forbidden(spec, 'pod in terminal state cannot be resized'));
    containerErrors(errors, 'containers', pod, before);
    containerErrors(errors, 'initContainers', pod, before);
    const quality = qosClass(pod.spec);
    if (quality !== qosClass(before.spec))
      errors.push(invalid(spec, quality, 'Pod QOS Class may not change as a result of resizing'));
    if (errors.length === 0) validatePodSpec(errors, pod.spec, spec);
    return errors;
  },
};
