// AppArmor annotations of new pods become fields (pkg/registry/core/pod: applyAppArmorVersionSkew).

import { path } from '../../api/field-error.ts';
import type { AppArmorProfile, Pod } from '../../api/generated/types.ts';
import { deepEqual } from '../object.ts';

const prefix = 'container.apparmor.security.beta.kubernetes.io/';
const localhost = 'localhost/';
const maxProfile = 4095;
const annotationsPath = path('metadata', 'annotations');

/** The profile that an annotation means; undefined when it means none that is valid. */
function profileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const name = annotation.startsWith(localhost) ? annotation.slice(localhost.length) : '';
  if (name === '' || name !== name.trim() || name.length > maxProfile) return undefined;
  return { type: 'Localhost', localhostProfile: name };
}

/** A container that has the annotation and not the field gets the field; `warnings` tells its owner. */
export function syncAppArmor({ metadata, spec }: Pod, warnings: Set<string>): void {
  const { annotations } = metadata;
  if (!annotations || spec.os?.name === 'windows') return;
  const ofPod = spec.securityContext?.appArmorProfile;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const key = prefix + container.name;
    const annotation = annotations[key];
    if (annotation === undefined || container.securityContext?.appArmorProfile) continue;
    const profile = profileOf(annotation);
    if (profile && deepEqual(profile, ofPod)) continue;
    if (profile) container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    warnings.add(`${annotationsPath.key(key)}: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
}
