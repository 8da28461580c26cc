// Delete options and the preconditions that deletes and updates carry.

import { forbidden, invalid, notSupported, path } from '../../api/field-error.ts';
import { newBadRequest, newConflict, newInvalid } from '../../api/status.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceInfo } from './resource.ts';

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  orphanDependents?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: string[];
}

const policies = ['Background', 'Foreground', 'Orphan'];

/** Reads DeleteOptions from a body and the query, which wins where the body is empty. Throws BadRequest or Invalid. */
export function readDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const options: DeleteOptions = {};
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    const { kind } = body as { kind?: unknown };
    if (kind !== undefined && kind !== 'DeleteOptions')
      throw newBadRequest(`the object provided is unrecognized (must be of type DeleteOptions): got ${String(kind)}`);
    Object.assign(options, body);
  } else {
    const grace = query.get('gracePeriodSeconds');
    if (grace !== null && grace !== '') {
      const seconds = Number(grace);
      if (!Number.isInteger(seconds))
        throw newBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
      options.gracePeriodSeconds = seconds;
    }
    const policy = query.get('propagationPolicy');
    if (policy) options.propagationPolicy = policy;
    const orphan = query.get('orphanDependents');
    if (orphan) options.orphanDependents = orphan === 'true' || orphan === '1';
    const dryRun = query.getAll('dryRun').filter((value) => value !== '');
    if (dryRun.length > 0) options.dryRun = dryRun;
  }
  const errors = [];
  if (options.propagationPolicy !== undefined && options.orphanDependents !== undefined)
    errors.push(
      invalid(
        path('propagationPolicy'),
        options.propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    );
  if (options.propagationPolicy !== undefined && !policies.includes(options.propagationPolicy))
    errors.push(notSupported(path('propagationPolicy'), options.propagationPolicy, [...policies, 'nil']));
  const dryRun = options.dryRun;
  if (dryRun !== undefined && (!Array.isArray(dryRun) || dryRun.some((value) => value !== 'All')))
    errors.push(notSupported(path('dryRun'), Array.isArray(dryRun) ? dryRun[0] : dryRun, ['All']));
  if (options.gracePeriodSeconds !== undefined && typeof options.gracePeriodSeconds !== 'number')
    errors.push(forbidden(path('gracePeriodSeconds'), 'must be an integer'));
  if (errors.length > 0) throw newInvalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  return options;
}

/** Throws Conflict if the object is not the one that was meant. */
export function checkPreconditions(
  resource: ResourceInfo,
  object: KubeObject,
  preconditions: DeleteOptions['preconditions'],
): void {
  const { uid, resourceVersion, name } = object.metadata;
  if (preconditions?.uid !== undefined && preconditions.uid !== uid)
    throw newConflict(
      resource.groupResource,
      name,
      `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${uid}`,
    );
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion)
    throw newConflict(
      resource.groupResource,
      name,
      `Precondition failed: ResourceVersion in precondition: ${preconditions.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    );
}
