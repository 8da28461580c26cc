// RBAC policy rules: does one allow, do some cover others (component-helpers/auth/rbac/validation).

import type { PolicyRule } from '../../api/generated/types.ts';
import type { AuthorizationAttributes } from './authorizer.ts';

const includes = (list: readonly string[] | undefined, ...wanted: string[]) =>
  list !== undefined && (list.includes('*') || wanted.some((value) => list.includes(value)));

function resourceMatches(list: readonly string[] | undefined, resource: string, subresource: string): boolean {
  if (!list) return false;
  const full = subresource ? `${resource}/${subresource}` : resource;
  return list.some((entry) => entry === '*' || entry === full || (subresource !== '' && entry === `*/${subresource}`));
}

function pathMatches(list: readonly string[] | undefined, path: string): boolean {
  if (!list) return false;
  return list.some(
    (entry) => entry === '*' || entry === path || (entry.endsWith('*') && path.startsWith(entry.slice(0, -1))),
  );
}

export function ruleAllows(rule: PolicyRule, attributes: AuthorizationAttributes): boolean {
  if (!includes(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResource) return pathMatches(rule.nonResourceURLs, attributes.path);
  if (!includes(rule.apiGroups, attributes.group)) return false;
  if (!resourceMatches(rule.resources, attributes.resource, attributes.subresource)) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || names.includes(attributes.name);
}

/** One rule for each combination of verb, group and resource (or path). */
function atoms(rule: PolicyRule): PolicyRule[] {
  const out: PolicyRule[] = [];
  for (const verb of rule.verbs) {
    for (const group of rule.apiGroups ?? [])
      for (const resource of rule.resources ?? [])
        for (const name of rule.resourceNames?.length ? rule.resourceNames : [undefined])
          out.push({
            verbs: [verb],
            apiGroups: [group],
            resources: [resource],
            ...(name !== undefined && { resourceNames: [name] }),
          });
    for (const url of rule.nonResourceURLs ?? []) out.push({ verbs: [verb], nonResourceURLs: [url] });
  }
  return out;
}

function atomCovered(atom: PolicyRule, owned: readonly PolicyRule[]): boolean {
  const [verb] = atom.verbs as [string];
  return owned.some((rule) => {
    if (!includes(rule.verbs, verb)) return false;
    const [url] = atom.nonResourceURLs ?? [];
    if (url !== undefined) return pathMatches(rule.nonResourceURLs, url);
    const [group] = atom.apiGroups as [string];
    const [resource = '', subresource = ''] = ((atom.resources as [string])[0] ?? '').split('/');
    if (!includes(rule.apiGroups, group)) return false;
    if (
      resource === '*'
        ? !rule.resources?.includes('*') && !(subresource && rule.resources?.includes(`*/${subresource}`))
        : !resourceMatches(rule.resources, resource, subresource)
    )
      return false;
    const names = rule.resourceNames ?? [];
    return names.length === 0 || (atom.resourceNames !== undefined && names.includes(atom.resourceNames[0] as string));
  });
}

/** What of `wanted` is not covered by `owned`, taken apart. Empty: all of it is. */
export function uncovered(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(atoms).filter((atom) => !atomCovered(atom, owned));
}

/** Rules of one group and resource (and name) each, those of different verbs as one (component-helpers' CompactRules). */
export function compacted(atoms: readonly PolicyRule[]): PolicyRule[] {
  const out: PolicyRule[] = [];
  const byResource = new Map<string, PolicyRule>();
  for (const atom of atoms) {
    const { apiGroups, resources, resourceNames, nonResourceURLs, verbs } = atom;
    const key = JSON.stringify([apiGroups, resources, resourceNames]);
    const known = nonResourceURLs ? undefined : byResource.get(key);
    if (known) known.verbs.push(...verbs.filter((verb) => !known.verbs.includes(verb)));
    else {
      const rule = { ...atom, verbs: [...verbs] };
      out.push(rule);
      if (!nonResourceURLs) byResource.set(key, rule);
    }
  }
  return out;
}

/** As error messages show a rule: {APIGroups:[""], Resources:["pods"], Verbs:["get"]}. */
export function compactRule({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const part = (title: string, list: readonly string[] | undefined) =>
    list && list.length > 0 ? [`${title}:[${list.map((text) => JSON.stringify(text)).join(' ')}]`] : [];
  return `{${[
    ...part('APIGroups', apiGroups),
    ...part('Resources', resources),
    ...part('NonResourceURLs', nonResourceURLs),
    ...part('ResourceNames', resourceNames),
    ...part('Verbs', verbs),
  ].join(', ')}}`;
}
