// A short notation for the rules of roles: "verbs | groups | resources", "core" for the core group, with "= name,..." for resource names; "verbs | /path,..." for
// other paths.

import type { PolicyRule } from '../../api/generated/types.ts';

export const read = 'get,list,watch';
export const write = 'create,delete,deletecollection,patch,update';
export const all = `${write},${read}`;
/** What writes events (bootstrappolicy.eventsRule). */
export const eventsRule = 'create,patch,update | core, events.k8s.io | events';

export function rule(text: string): PolicyRule {
  const [verbs = '', second = '', third] = text.split('|').map((part) => part.trim());
  const list = (part: string) => part.split(',').map((word) => word.trim());
  const sorted = (part: string) => list(part).sort();
  if (third === undefined) return { verbs: sorted(verbs), nonResourceURLs: sorted(second) };
  const [resources = '', names] = third.split('=').map((part) => part.trim());
  return {
    verbs: sorted(verbs),
    apiGroups: list(second)
      .map((group) => (group === 'core' ? '' : group))
      .sort(),
    resources: sorted(resources),
    ...(names !== undefined && { resourceNames: sorted(names) }),
  };
}
