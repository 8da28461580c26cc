// Which flow schema a request falls under, and so at which priority it is served (apiserver/pkg/util/flowcontrol: rule.go, apf_controller.go). Requests are told
// apart and not queued.
//
// Invariants: the schema that matches first decides, in the order of matchingPrecedence and then of names; one whose priority level does not exist is passed over;
// "exempt" and "catch-all" are always there, so that there is always an answer.

import type {
  FlowcontrolV1Subject,
  FlowSchema,
  NonResourcePolicyRule,
  PriorityLevelConfiguration,
  ResourcePolicyRule,
} from '../../api/generated/types.ts';
import type { UserInfo } from '../server/context.ts';
import type { RequestInfo } from '../server/request-info.ts';
import type { Collection } from '../storage/collection.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import { flowSchemas, mandatory, priorityLevels } from './defaults.ts';

/** Uids of what a request falls under; '' for what is applied without being there. */
export interface Flow {
  schema: string;
  level: string;
}

interface Candidate extends Flow {
  rules: NonNullable<NonNullable<FlowSchema['spec']>['rules']>;
}

export const schemasPrefix = '/registry/flowschemas/';
export const levelsPrefix = '/registry/prioritylevelconfigurations/';

export class FlowClassifier {
  readonly #cache: WatchCache;
  #candidates: Candidate[] = [];
  #seen = [-1, -1, -1];

  constructor(cache: WatchCache) {
    this.#cache = cache;
  }

  classify(user: UserInfo, info: RequestInfo): Flow {
    const candidates = this.#current();
    return candidates.find(({ rules }) => matches(rules, user, info)) ?? (candidates.at(-1) as Candidate);
  }

  #current(): Candidate[] {
    const schemas = this.#cache.collection(schemasPrefix);
    const levels = this.#cache.collection(levelsPrefix);
    const { fills } = this.#cache;
    const [fillsThen, schemasThen, levelsThen] = this.#seen;
    if (fillsThen !== fills || schemasThen !== schemas.changes || levelsThen !== levels.changes) {
      this.#seen = [fills, schemas.changes, levels.changes];
      this.#candidates = inOrder(
        withMandatory(objects<FlowSchema>(schemas, schemasPrefix), flowSchemas),
        withMandatory(objects<PriorityLevelConfiguration>(levels, levelsPrefix), priorityLevels),
      );
    }
    return this.#candidates;
  }
}

export const objects = <T>(collection: Collection, prefix: string): T[] =>
  collection.list(prefix).map(({ object }) => object as unknown as T);

const nameOf = (object: { metadata?: { name?: string } }) => object.metadata?.name ?? '';

function withMandatory<T extends { metadata?: { name?: string } }>(there: T[], defaults: readonly T[]): T[] {
  const names = new Set(there.map(nameOf));
  return [...there, ...defaults.filter((each) => mandatory.has(nameOf(each)) && !names.has(nameOf(each)))];
}

function inOrder(schemas: FlowSchema[], levels: PriorityLevelConfiguration[]): Candidate[] {
  const uids = new Map(levels.map((level) => [nameOf(level), level.metadata?.uid ?? '']));
  const precedence = ({ spec }: FlowSchema) => spec?.matchingPrecedence ?? 0;
  return schemas
    .sort((a, b) => precedence(a) - precedence(b) || (nameOf(a) < nameOf(b) ? -1 : 1))
    .flatMap(({ metadata, spec }) => {
      const level = uids.get(spec?.priorityLevelConfiguration.name ?? '');
      return level === undefined ? [] : [{ schema: metadata?.uid ?? '', level, rules: spec?.rules ?? [] }];
    });
}

const matches = (rules: Candidate['rules'], user: UserInfo, info: RequestInfo): boolean =>
  rules.some(
    ({ subjects, resourceRules = [], nonResourceRules = [] }) =>
      subjects.some((subject) => isSubject(subject, user)) &&
      (info.isResource
        ? resourceRules.some((rule) => ofResource(rule, info))
        : nonResourceRules.some((rule) => ofPath(rule, info))),
  );

function isSubject({ kind, user: one, group, serviceAccount }: FlowcontrolV1Subject, user: UserInfo): boolean {
  if (kind === 'User') return one !== undefined && (one.name === '*' || one.name === user.name);
  if (kind === 'Group') return group !== undefined && (group.name === '*' || user.groups.includes(group.name));
  if (kind !== 'ServiceAccount' || !serviceAccount) return false;
  const start = `system:serviceaccount:${serviceAccount.namespace}:`;
  return serviceAccount.name === '*' ? user.name.startsWith(start) : user.name === start + serviceAccount.name;
}

/** A wildcard stands alone. */
const has = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes(value) || (list.length === 1 && list[0] === '*'));

function ofResource(rule: ResourcePolicyRule, { verb, resource, subresource, group, namespace }: RequestInfo): boolean {
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  if (!has(rule.verbs, verb) || !has(rule.resources, what) || !has(rule.apiGroups, group)) return false;
  return namespace === '' ? rule.clusterScope === true : has(rule.namespaces, namespace);
}

const ofPath = ({ verbs, nonResourceURLs }: NonResourcePolicyRule, { verb, path }: RequestInfo): boolean =>
  has(verbs, verb) &&
  nonResourceURLs.some(
    (url) => url === '*' || url === path || path.startsWith(`${url.replace(/\*$/, '').replace(/\/$/, '')}/`),
  );
