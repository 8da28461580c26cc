// Validation of flow schemas and priority levels (pkg/apis/flowcontrol/validation).

import {
  duplicate,
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../field-error.ts';
import type {
  FlowcontrolV1Subject,
  FlowSchema,
  LimitResponse,
  NonResourcePolicyRule,
  PriorityLevelConfiguration,
  QueuingConfiguration,
  ResourcePolicyRule,
} from '../../generated/types.ts';
import { isDns1123Label, isDns1123Subdomain } from '../../names.ts';
import { check, specPath, statusPath } from '../common.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const maxPrecedence = 10_000;
const maxQueues = 10_000_000;
const maxEntropyBits = 60;

export function validateFlowSchema({ metadata, spec }: FlowSchema): FieldErrorList {
  const errors: FieldErrorList = [];
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration, rules = [] } = spec ?? {};
  const precedence = (why: string) =>
    errors.push(invalid(specPath.child('matchingPrecedence'), matchingPrecedence, why));
  if (matchingPrecedence <= 0) precedence('must be a positive value');
  if (matchingPrecedence > maxPrecedence) precedence(`must not be greater than ${maxPrecedence}`);
  if (matchingPrecedence === 1 && metadata?.name !== 'exempt')
    precedence("only the schema named 'exempt' may have matchingPrecedence 1");
  if (distinguisherMethod && !['ByNamespace', 'ByUser'].includes(distinguisherMethod.type))
    errors.push(
      notSupported(specPath.child('distinguisherMethod', 'type'), distinguisherMethod, ['ByNamespace', 'ByUser']),
    );
  const level = specPath.child('priorityLevelConfiguration', 'name');
  if (!priorityLevelConfiguration?.name) errors.push(required(level, 'must reference a priority level'));
  else check(errors, level, priorityLevelConfiguration.name, isDns1123Subdomain);
  for (const [i, { subjects = [], resourceRules = [], nonResourceRules = [] }] of rules.entries()) {
    const at = specPath.child('rules').index(i);
    if (subjects.length === 0) errors.push(required(at.child('subjects'), 'subjects must contain at least one value'));
    for (const [j, subject] of subjects.entries())
      errors.push(...subjectErrors(subject, at.child('subjects').index(j)));
    if (resourceRules.length === 0 && nonResourceRules.length === 0)
      errors.push(required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
    for (const [j, rule] of resourceRules.entries())
      errors.push(...resourceRuleErrors(rule, at.child('resourceRules').index(j)));
    for (const [j, rule] of nonResourceRules.entries())
      errors.push(...nonResourceRuleErrors(rule, at.child('nonResourceRules').index(j)));
  }
  return errors;
}

const fieldOf: Record<string, 'user' | 'group' | 'serviceAccount'> = {
  User: 'user',
  Group: 'group',
  ServiceAccount: 'serviceAccount',
};

function subjectErrors(subject: FlowcontrolV1Subject, at: FieldPath): FieldErrorList {
  const own = fieldOf[subject.kind];
  if (!own) return [notSupported(at.child('kind'), subject.kind, ['Group', 'ServiceAccount', 'User'])];
  const errors: FieldErrorList = [];
  const it = subject[own] as { name?: string; namespace?: string } | undefined;
  if (!it) errors.push(required(at.child(own), `${own} is required when subject kind is '${subject.kind}'`));
  else {
    const name = at.child(own, 'name');
    if (!it.name) errors.push(required(name));
    else if (own === 'serviceAccount' && it.name !== '*') check(errors, name, it.name, isDns1123Subdomain);
    const namespace = at.child(own, 'namespace');
    if (own === 'serviceAccount' && !it.namespace)
      errors.push(required(namespace, 'must specify namespace for service account'));
    else if (it.namespace) check(errors, namespace, it.namespace, isDns1123Label);
  }
  for (const [kind, field] of Object.entries(fieldOf))
    if (field !== own && subject[field])
      errors.push(forbidden(at.child(field), `${field} is forbidden when subject kind is not '${kind}'`));
  return errors;
}

/** A list that must not be empty, and where * stands alone. */
function listErrors(list: readonly string[] | undefined, at: FieldPath, empty: string, others: string): FieldErrorList {
  if (!list?.length) return [required(at, empty)];
  if (list.length > 1 && list.includes('*'))
    return [invalid(at, list, `if '*' is present, must not specify other ${others}`)];
  return [];
}

function verbErrors(list: readonly string[] | undefined, at: FieldPath): FieldErrorList {
  const errors = listErrors(list, at, 'verbs must contain at least one value', 'verbs');
  if (errors.length === 0 && !list?.includes('*') && !list?.every((verb) => verbs.includes(verb)))
    errors.push(notSupported(at, list, verbs));
  return errors;
}

function resourceRuleErrors(rule: ResourcePolicyRule, at: FieldPath): FieldErrorList {
  const { namespaces = [], clusterScope } = rule;
  const where = at.child('namespaces');
  const errors = [
    ...verbErrors(rule.verbs, at.child('verbs')),
    ...listErrors(
      rule.apiGroups,
      at.child('apiGroups'),
      'resource rules must supply at least one api group',
      'api groups',
    ),
    ...listErrors(
      rule.resources,
      at.child('resources'),
      'resource rules must supply at least one resource',
      'resources',
    ),
  ];
  if (namespaces.length === 0) {
    if (!clusterScope)
      errors.push(required(where, 'resource rules that are not cluster scoped must supply at least one namespace'));
  } else if (namespaces.includes('*')) errors.push(...listErrors(namespaces, where, '', 'namespaces'));
  else
    for (const [i, namespace] of namespaces.entries())
      for (const message of isDns1123Label(namespace))
        errors.push(
          invalid(where.index(i), namespace, `each member of this list must be '*' or a DNS-1123 label; ${message}`),
        );
  return errors;
}

function nonResourceRuleErrors(
  { verbs: list, nonResourceURLs: urls }: NonResourcePolicyRule,
  at: FieldPath,
): FieldErrorList {
  const where = at.child('nonResourceURLs');
  const errors = [
    ...verbErrors(list, at.child('verbs')),
    ...listErrors(urls, where, 'nonResourceURLs must contain at least one value', 'non-resource URLs'),
  ];
  if (urls?.includes('*')) return errors;
  for (const [i, url] of (urls ?? []).entries()) {
    const why = pathError(url);
    if (why) errors.push(invalid(where.index(i), url, why));
  }
  return errors;
}

function pathError(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  return /\*./.test(url) || (url.includes('*') && !url.endsWith('/*'))
    ? 'wildcard can only do suffix matching'
    : undefined;
}

export function validatePriorityLevel({ metadata, spec }: PriorityLevelConfiguration): FieldErrorList {
  const errors: FieldErrorList = [];
  const { type = '', limited, exempt } = spec ?? {};
  if ((metadata?.name === 'exempt') !== (type === 'Exempt'))
    errors.push(invalid(specPath.child('type'), type, "type must be 'Exempt' if and only if name is 'exempt'"));
  const shares = (at: FieldPath, value: number | undefined, lendable: number | undefined) => {
    if (value !== undefined && value < 0)
      errors.push(invalid(at.child('nominalConcurrencyShares'), value, 'must be a non-negative integer'));
    if (lendable !== undefined && (lendable < 0 || lendable > 100))
      errors.push(invalid(at.child('lendablePercent'), lendable, 'must be between 0 and 100, inclusive'));
  };
  if (type === 'Exempt') {
    if (limited) errors.push(forbidden(specPath.child('limited'), 'must be nil if the type is not Limited'));
    if (exempt) shares(specPath.child('exempt'), exempt.nominalConcurrencyShares, exempt.lendablePercent);
  } else if (type === 'Limited') {
    const at = specPath.child('limited');
    if (exempt) errors.push(forbidden(specPath.child('exempt'), 'must be nil if the type is Limited'));
    if (!limited) errors.push(required(at, 'must not be empty when type is Limited'));
    else {
      shares(at, limited.nominalConcurrencyShares, limited.lendablePercent);
      errors.push(...responseErrors(limited.limitResponse, at.child('limitResponse')));
      const { borrowingLimitPercent: borrowing } = limited;
      if (borrowing !== undefined && borrowing < 0)
        errors.push(
          invalid(at.child('borrowingLimitPercent'), borrowing, 'if specified, must be a non-negative integer'),
        );
    }
  } else errors.push(notSupported(specPath.child('type'), type, ['Exempt', 'Limited']));
  return errors;
}

function responseErrors(response: LimitResponse | undefined, at: FieldPath): FieldErrorList {
  const { type = '', queuing } = response ?? {};
  const where = at.child('queuing');
  if (type === 'Reject')
    return queuing ? [forbidden(where, 'must be nil if limited.limitResponse.type is not Limited')] : [];
  if (type !== 'Queue') return [notSupported(at.child('type'), type, ['Queue', 'Reject'])];
  if (!queuing) return [required(where, 'must not be empty if limited.limitResponse.type is Limited')];
  return queuingErrors(queuing, where);
}

function queuingErrors({ queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration, at: FieldPath) {
  const errors: FieldErrorList = [];
  if (queueLengthLimit <= 0) errors.push(invalid(at.child('queueLengthLimit'), queueLengthLimit, 'must be positive'));
  if (queues <= 0) errors.push(invalid(at.child('queues'), queues, 'must be positive'));
  else if (queues > maxQueues)
    errors.push(invalid(at.child('queues'), queues, `must not be greater than ${maxQueues}`));
  const hand = (why: string) => errors.push(invalid(at.child('handSize'), handSize, why));
  if (handSize <= 0) hand('must be positive');
  else if (handSize > queues) hand(`should not be greater than queues (${queues})`);
  else {
    // Bits that are needed to deal a hand: the logarithm of the number of ordered ways to choose it.
    let bits = 0;
    for (let i = 0; i < handSize; i++) bits += Math.log2(queues - i);
    if (Math.ceil(bits) > maxEntropyBits)
      hand(
        `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxEntropyBits}`,
      );
  }
  return errors;
}

/** Conditions of both kinds: named, and each once. */
export function validateFlowControlStatus({ status }: FlowSchema | PriorityLevelConfiguration): FieldErrorList {
  const errors: FieldErrorList = [];
  const seen = new Set<string>();
  for (const [i, { type = '' }] of (status?.conditions ?? []).entries()) {
    const at = statusPath.child('conditions').index(i).child('type');
    if (seen.has(type)) errors.push(duplicate(at, type));
    seen.add(type);
    if (type === '') errors.push(required(at, 'must not be empty'));
  }
  return errors;
}
