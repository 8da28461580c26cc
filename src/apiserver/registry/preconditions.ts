// Delete options and the preconditions that deletes and updates carry.

import { DecodeError, decodeTyped, isObject } from '../../api/decode.ts';
import { invalid, notSupported, path } from '../../api/field-error.ts';
import { newBadRequest, newConflict, newInvalid } from '../../api/status.ts';
import type { KubeObject } from '../object.ts';
import { integerOf, isTrue } from '../server/query.ts';
import type { ResourceInfo } from './resource.ts';

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  orphanDependents?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: string[];
}

const policies = ['Foreground', 'Background', 'Orphan'];

/** Reads DeleteOptions from a body or, if there is none, from the query. Throws BadRequest or Invalid. */
export function readDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const options = body === undefined ? optionsOfQuery(query) : optionsOfBody(body);
  const errors = [];
  const { propagationPolicy, orphanDependents, dryRun = [] } = options;
  if (propagationPolicy !== undefined && orphanDependents !== undefined)
    errors.push(
      invalid(
        path('propagationPolicy'),
        propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    );
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy))
    errors.push(notSupported(path('propagationPolicy'), propagationPolicy, [...policies, 'nil']));
  if (dryRun.some((value) => value !== 'All')) errors.push(notSupported(path('dryRun'), dryRun, ['All']));
  if (errors.length > 0) throw newInvalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  return options;
}

function optionsOfBody(body: unknown): DeleteOptions {
  if (!isObject(body)) throw newBadRequest('the body of a delete must be a DeleteOptions object');
  const { kind } = body;
  if (kind !== undefined && kind !== '' && kind !== 'DeleteOptions')
    throw newBadRequest(`the object provided is unrecognized (must be of type DeleteOptions): got ${String(kind)}`);
  try {
    return decodeTyped<DeleteOptions>('DeleteOptions', body).object;
  } catch (error) {
    throw error instanceof DecodeError ? newBadRequest(error.message) : error;
  }
}

/** uid and resourceVersion in the query are preconditions, also where a list is asked for by that resourceVersion. */
function optionsOfQuery(query: URLSearchParams): DeleteOptions {
  const gracePeriodSeconds = integerOf(query, 'gracePeriodSeconds');
  const propagationPolicy = query.get('propagationPolicy');
  const dryRun = query.getAll('dryRun');
  const uid = query.get('uid');
  const resourceVersion = query.get('resourceVersion');
  return {
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(propagationPolicy !== null && { propagationPolicy }),
    ...(query.has('orphanDependents') && { orphanDependents: isTrue(query, 'orphanDependents') }),
    ...(dryRun.length > 0 && { dryRun }),
    ...((uid || resourceVersion) && {
      preconditions: { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) },
    }),
  };
}

/** Throws Conflict if the object is not the one that was meant (rest.BeforeDelete). */
export function checkPreconditions(
  { group, kind }: ResourceInfo,
  { metadata }: KubeObject,
  { uid, resourceVersion }: NonNullable<DeleteOptions['preconditions']>,
): void {
  const conflict = (why: string) => newConflict({ group, resource: kind }, metadata.name, why);
  if (uid !== undefined && uid !== metadata.uid)
    throw conflict(
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw conflict(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    );
}
