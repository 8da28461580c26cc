// `describe` of roles and their bindings.

import type { PolicyRule, RoleBinding } from '../../api/generated/types.ts';
import type { KubeObject } from '../object.ts';
import { writeAnnotations, writeLabels } from './common.ts';
import type { Describing } from './writer.ts';

const bracket = (values: string[] | undefined): string => `[${(values ?? []).join(' ')}]`;

interface Row {
  resource: string;
  group: string;
  rule: PolicyRule;
}

/** One rule per resource, rules that differ only in their verbs joined, in order. */
function compact(rules: PolicyRule[]): Row[] {
  const rows = new Map<string, Row>();
  for (const rule of rules) {
    const groups = rule.apiGroups?.length ? rule.apiGroups : [''];
    const resources = rule.resources?.length ? rule.resources : [''];
    for (const group of groups) {
      for (const resource of resources) {
        const [base, ...sub] = resource.split('/');
        const name =
          resource === '' ? '' : group ? `${base}.${group}${sub.length ? `/${sub.join('/')}` : ''}` : resource;
        const key = JSON.stringify([name, rule.nonResourceURLs ?? [], rule.resourceNames ?? []]);
        const known = rows.get(key);
        if (known) known.rule = { ...known.rule, verbs: [...new Set([...known.rule.verbs, ...rule.verbs])] };
        else
          rows.set(key, { resource: name, group, rule: { ...rule, ...(resource ? { resources: [resource] } : {}) } });
      }
    }
  }
  const text = ({ group, rule }: Row) =>
    `${rule.verbs.join(' ')}],APIGroups:[${group}],Resources:[${rule.resources?.join(' ') ?? ''}]`;
  return [...rows.values()].sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
}

export async function describeRole({ w }: Describing, object: KubeObject): Promise<void> {
  w.write(0, `Name:\t${object.metadata.name}\n`);
  writeLabels(w, 'Labels', object.metadata.labels);
  writeAnnotations(w, object.metadata.annotations);
  w.write(0, 'PolicyRule:\n');
  w.write(1, 'Resources\tNon-Resource URLs\tResource Names\tVerbs\n');
  w.write(1, '---------\t-----------------\t--------------\t-----\n');
  for (const { resource, rule } of compact((object['rules'] as PolicyRule[] | undefined) ?? [])) {
    w.write(
      1,
      `${resource}\t${bracket(rule.nonResourceURLs)}\t${bracket(rule.resourceNames)}\t${bracket(rule.verbs)}\n`,
    );
  }
}

export async function describeRoleBinding({ w }: Describing, object: KubeObject): Promise<void> {
  const binding = object as unknown as RoleBinding;
  w.write(0, `Name:\t${object.metadata.name}\n`);
  writeLabels(w, 'Labels', object.metadata.labels);
  writeAnnotations(w, object.metadata.annotations);
  w.write(0, 'Role:\n');
  w.write(1, `Kind:\t${binding.roleRef.kind}\n`);
  w.write(1, `Name:\t${binding.roleRef.name}\n`);
  w.write(0, 'Subjects:\n');
  w.write(1, 'Kind\tName\tNamespace\n');
  w.write(1, '----\t----\t---------\n');
  for (const each of binding.subjects ?? []) w.write(1, `${each.kind}\t${each.name}\t${each.namespace ?? ''}\n`);
}
