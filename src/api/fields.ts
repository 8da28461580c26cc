// Field selectors: `metadata.name=web,spec.nodeName!=node-1` (k8s.io/apimachinery/pkg/fields).
//
// A selector is a list of terms, all of which must hold. Which fields a resource offers is the resource's business (supportedFieldSelectors).

import { newBadRequest } from './status.ts';

export interface FieldTerm {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}
export type FieldSelector = readonly FieldTerm[];

/** Splits at commas that are not escaped with a backslash. */
function splitTerms(text: string): string[] {
  if (text === '') return [];
  const out: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      out.push(text.slice(start, i));
      start = i + 1;
    }
  }
  out.push(text.slice(start));
  return out;
}

function unescapeValue(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (c === '\\') {
      const next = text[++i];
      if (next === undefined || !'\\,='.includes(next))
        throw new Error(`invalid field selector: unexpected escape in value ${JSON.stringify(text)}`);
      out += next;
    } else if (c === ',' || c === '=') {
      throw new Error(`invalid field selector: unescaped character in value: ${JSON.stringify(c)}`);
    } else out += c;
  }
  return out;
}

/** Parses the text form. Throws an Error with upstream's message. */
export function parseFieldSelector(text: string): FieldSelector {
  const out: FieldTerm[] = [];
  for (const part of splitTerms(text)) {
    if (part === '') continue;
    const match = /!=|==|=/.exec(part);
    if (!match) throw new Error(`invalid selector: '${part}'; can't understand '${part}'`);
    const operator = match[0] === '!=' ? '!=' : '=';
    out.push({
      field: part.slice(0, match.index),
      operator,
      value: unescapeValue(part.slice(match.index + match[0].length)),
    });
  }
  return out.sort((a, b) => (a.field < b.field ? -1 : a.field > b.field ? 1 : 0));
}

const escapeValue = (value: string) => value.replace(/[\\,=]/g, '\\$&');

export const formatFieldSelector = (selector: FieldSelector): string =>
  selector.map(({ field, operator, value }) => `${field}${operator}${escapeValue(value)}`).join(',');

/** `fields` are the values an object shows to selectors; an absent one counts as "". */
export const fieldSelectorMatches = (selector: FieldSelector, fields: Readonly<Record<string, string>>): boolean =>
  selector.every(({ field, operator, value }) => ((fields[field] ?? '') === value) === (operator === '='));

/** The value the selector demands of a field exactly, if it does (RequiresExactMatch). */
export const requiresExactMatch = (selector: FieldSelector, field: string): string | undefined =>
  selector.find((term) => term.field === field && term.operator === '=')?.value;

type FieldReader = (object: never) => string;
const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
const read =
  (...names: string[]): FieldReader =>
  (object) => {
    let value: unknown = object;
    for (const name of names) value = (value as Record<string, unknown> | undefined | null)?.[name];
    return text(value);
  };
const flag =
  (...names: string[]): FieldReader =>
  (object) =>
    read(...names)(object) || 'false';
const number =
  (...names: string[]): FieldReader =>
  (object) =>
    read(...names)(object) || '0';

const involved = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
const eventFields = (reference: string): Record<string, FieldReader> => ({
  ...Object.fromEntries(involved.map((name) => [`${reference}.${name}`, read(reference, name)])),
  reason: read('reason'),
  type: read('type'),
});

/** Fields beside metadata.name and metadata.namespace, by "plural.group". */
const extraFields: Record<string, Record<string, FieldReader>> = {
  pods: {
    'spec.nodeName': read('spec', 'nodeName'),
    'spec.restartPolicy': read('spec', 'restartPolicy'),
    'spec.schedulerName': read('spec', 'schedulerName'),
    'spec.serviceAccountName': read('spec', 'serviceAccountName'),
    'spec.hostNetwork': flag('spec', 'hostNetwork'),
    'status.phase': read('status', 'phase'),
    'status.podIP': read('status', 'podIP'),
    'status.nominatedNodeName': read('status', 'nominatedNodeName'),
  },
  nodes: { 'spec.unschedulable': flag('spec', 'unschedulable') },
  namespaces: { 'status.phase': read('status', 'phase') },
  secrets: { type: read('type') },
  services: { 'spec.clusterIP': read('spec', 'clusterIP'), 'spec.type': read('spec', 'type') },
  replicationcontrollers: { 'status.replicas': number('status', 'replicas') },
  'replicasets.apps': { 'status.replicas': number('status', 'replicas') },
  'jobs.batch': { 'status.successful': number('status', 'succeeded') },
  'certificatesigningrequests.certificates.k8s.io': { 'spec.signerName': read('spec', 'signerName') },
  'resourceslices.resource.k8s.io': {
    'spec.nodeName': read('spec', 'nodeName'),
    'spec.driver': read('spec', 'driver'),
  },
  events: {
    ...eventFields('involvedObject'),
    reportingComponent: read('reportingComponent'),
    source: (object: { source?: { component?: string }; reportingComponent?: string }) =>
      object.source?.component || object.reportingComponent || '',
  } as Record<string, FieldReader>,
  'events.events.k8s.io': { ...eventFields('regarding'), reportingController: read('reportingController') },
};

/** The fields of `object` that a selector on this resource may name, with their values. */
export function selectableFields(qualifiedResource: string, object: object): Record<string, string> {
  const metadata = (object as { metadata?: { name?: string; namespace?: string } }).metadata;
  const out: Record<string, string> = {
    'metadata.name': metadata?.name ?? '',
    'metadata.namespace': metadata?.namespace ?? '',
  };
  for (const [field, reader] of Object.entries(extraFields[qualifiedResource] ?? {}))
    out[field] = reader(object as never);
  return out;
}

/** Throws BadRequest with upstream's text when the selector names a field that the resource does not offer. `custom`: it is a custom resource. */
export function checkFieldSelector(
  qualifiedResource: string,
  selector: FieldSelector,
  extra: readonly string[] = [],
  custom = false,
): void {
  for (const { field } of selector) {
    if (field === 'metadata.name' || field === 'metadata.namespace' || extra.includes(field)) continue;
    if (Object.hasOwn(extraFields[qualifiedResource] ?? {}, field)) continue;
    throw newBadRequest(custom ? labelUnsupported(field) : fieldLabelError(qualifiedResource, field));
  }
}

const labelUnsupported = (field: string): string => `field label not supported: ${field}`;

function fieldLabelError(qualifiedResource: string, field: string): string {
  if (extraFields[qualifiedResource]) return labelUnsupported(field);
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}
