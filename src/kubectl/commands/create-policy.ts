// Generators of `kubectl create` for who may do what and how much: roles, bindings, quotas, budgets, priorities, tokens.

import type { Json } from '../../env/env.ts';
import { messageOf } from '../../env/errors.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError } from '../cli/errors.ts';
import { array, bool, duration, type FlagSpec, int, strings, text } from '../cli/flags.ts';
import { asJson, at, type KubeObject } from '../object.ts';
import { machineFormat, outputOf, printFlags } from '../print/printer.ts';
import type { Generator } from './create.ts';

const rbac = 'rbac.authorization.k8s.io';
const ruleFlags: FlagSpec[] = [
  strings('verb', 'Verb that applies to the resources contained in the rule'),
  strings('resource', 'Resource that the rule applies to'),
  array('resource-name', 'Resource in the white list that the rule applies to, repeat this flag for multiple items'),
];

/** The rules of --verb, --resource, --resource-name: one per API group, in the order the groups appear. */
async function rules({ kube, flags }: CommandContext): Promise<Json[]> {
  let verbs = [...new Set(flags.list('verb'))];
  if (verbs.includes('*')) verbs = ['*'];
  const names = flags.list('resource-name');
  const byGroup = new Map<string, string[]>();
  for (const each of flags.list('resource')) {
    const [full, ...sub] = each.split('/') as [string, ...string[]];
    let group = '';
    let name = full;
    if (full !== '*') {
      const resource = await kube.discovery.find(full);
      group = resource.group;
      name = resource.name;
    } else group = '*';
    byGroup.set(group, [...(byGroup.get(group) ?? []), sub.length > 0 ? `${name}/${sub.join('/')}` : name]);
  }
  return [...byGroup].map(([group, resources]) => ({
    apiGroups: [group],
    ...(names.length > 0 ? { resourceNames: names } : {}),
    resources,
    verbs,
  }));
}

const role: Generator = {
  use: 'role NAME --verb=verb --resource=resource.group/subresource',
  short: 'Create a role with single rule',
  examples: ['kubectl create role pod-reader --verb=get,list,watch --resource=pods'],
  namespaced: true,
  flags: ruleFlags,
  async make(context, name) {
    const { flags } = context;
    if (flags.list('verb').length === 0) throw new CliError('at least one verb must be specified');
    if (flags.list('resource').length === 0) throw new CliError('at least one resource must be specified');
    return { apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name }, rules: await rules(context) };
  },
};

const clusterRole: Generator = {
  use: 'clusterrole NAME --verb=verb --resource=resource.group',
  short: 'Create a cluster role',
  examples: [
    'kubectl create clusterrole pod-reader --verb=get,list,watch --resource=pods',
    'kubectl create clusterrole logs --verb=get --non-resource-url=/logs/*',
  ],
  namespaced: false,
  flags: [
    ...ruleFlags,
    strings('non-resource-url', 'A partial url that user should have access to.'),
    strings('aggregation-rule', 'An aggregation label selector for combining ClusterRoles.'),
  ],
  async make(context, name) {
    const { flags } = context;
    const urls = flags.list('non-resource-url');
    const aggregation = flags.list('aggregation-rule');
    if (aggregation.length > 0) {
      const matchLabels = Object.fromEntries(aggregation.map((each) => each.split('=') as [string, string]));
      return {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRole',
        metadata: { name },
        aggregationRule: { clusterRoleSelectors: [{ matchLabels }] },
        rules: [],
      };
    }
    if (flags.list('verb').length === 0) throw new CliError('at least one verb must be specified');
    if (flags.list('resource').length === 0 && urls.length === 0)
      throw new CliError('one of resource or nonResourceURL must be specified');
    const list = await rules(context);
    if (urls.length > 0) list.push({ nonResourceURLs: urls, verbs: [...new Set(flags.list('verb'))] });
    return { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules: list };
  },
};

const subjectFlags: FlagSpec[] = [
  array('user', 'Usernames to bind to the role.'),
  array('group', 'Groups to bind to the role.'),
  array('serviceaccount', 'Service accounts to bind to the role, in the format <namespace>:<name>'),
];

function subjects({ flags }: CommandContext): Json[] {
  const accounts = flags.list('serviceaccount').map((each) => {
    const [namespace, name] = each.split(':');
    if (!namespace || !name) throw new CliError('serviceaccount must be <namespace>:<name>');
    return { kind: 'ServiceAccount', name, namespace };
  });
  return [
    ...flags.list('user').map((name) => ({ apiGroup: rbac, kind: 'User', name })),
    ...flags.list('group').map((name) => ({ apiGroup: rbac, kind: 'Group', name })),
    ...accounts,
  ];
}

const roleBinding: Generator = {
  use: 'rolebinding NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:name]',
  short: 'Create a role binding for a particular role or cluster role',
  examples: ['kubectl create rolebinding admin --clusterrole=admin --user=user1'],
  namespaced: true,
  flags: [
    text('clusterrole', 'ClusterRole this RoleBinding should reference'),
    text('role', 'Role this RoleBinding should reference'),
    ...subjectFlags,
  ],
  make(context, name) {
    const cluster = context.flags.string('clusterrole');
    const own = context.flags.string('role');
    if ((cluster === '') === (own === '')) throw new CliError('exactly one of clusterrole or role must be specified');
    const list = subjects(context);
    return {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: cluster ? 'ClusterRole' : 'Role', name: cluster || own },
      ...(list.length > 0 ? { subjects: list } : {}),
    };
  },
};

const clusterRoleBinding: Generator = {
  use: 'clusterrolebinding NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:name]',
  short: 'Create a cluster role binding for a particular cluster role',
  examples: ['kubectl create clusterrolebinding admin --clusterrole=cluster-admin --user=user1'],
  namespaced: false,
  flags: [
    text('clusterrole', 'ClusterRole this ClusterRoleBinding should reference', { required: true }),
    ...subjectFlags,
  ],
  make(context, name) {
    const list = subjects(context);
    return {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: context.flags.string('clusterrole') },
      ...(list.length > 0 ? { subjects: list } : {}),
    };
  },
};

const quota: Generator = {
  use: 'quota NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2]',
  aliases: ['resourcequota'],
  short: 'Create a quota with the specified name',
  examples: ['kubectl create quota my-quota --hard=cpu=1,memory=1G,pods=2'],
  namespaced: true,
  flags: [
    text('hard', 'A comma-delimited set of resource=quantity pairs that define a hard limit.'),
    text('scopes', 'A comma-delimited set of quota scopes that must all match each object tracked by the quota.'),
  ],
  make({ flags }, name) {
    const hard = Object.fromEntries(
      flags
        .string('hard')
        .split(',')
        .filter((each) => each !== '')
        .map((each) => {
          const [key, value] = each.split('=');
          if (!key || !value) throw new CliError(`Invalid argument syntax ${each}, expected <resource>=<value>`);
          return [key, value];
        }),
    );
    const scopes = flags
      .string('scopes')
      .split(',')
      .filter((each) => each !== '');
    return {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name },
      spec: { ...(Object.keys(hard).length > 0 ? { hard } : {}), ...(scopes.length > 0 ? { scopes } : {}) },
      status: {},
    };
  },
};

const intOrText = (value: string): Json => (/^\d+$/.test(value) ? Number(value) : value);

const budget: Generator = {
  use: 'poddisruptionbudget NAME --selector=SELECTOR --min-available=N',
  aliases: ['pdb'],
  short: 'Create a pod disruption budget with the specified name',
  examples: ['kubectl create poddisruptionbudget my-pdb --selector=app=web --min-available=1'],
  namespaced: true,
  flags: [
    text('min-available', 'The minimum number or percentage of available pods this budget requires.'),
    text('max-unavailable', 'The maximum number or percentage of unavailable pods this budget requires.'),
    text('selector', 'A label selector to use for this budget.'),
  ],
  make({ flags }, name) {
    const selector = flags.string('selector');
    if (!selector) throw new CliError('a selector must be specified');
    const min = flags.string('min-available');
    const max = flags.string('max-unavailable');
    if (!min && !max) throw new CliError('one of min-available or max-unavailable must be specified');
    if (min && max) throw new CliError('min-available and max-unavailable cannot be both specified');
    const matchLabels = Object.fromEntries(selector.split(',').map((each) => each.split(/==?/) as [string, string]));
    return {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name },
      spec: {
        ...(min ? { minAvailable: intOrText(min) } : { maxUnavailable: intOrText(max) }),
        selector: { matchLabels },
      },
      status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
    };
  },
};

const priorityClass: Generator = {
  use: 'priorityclass NAME --value=VALUE --global-default=BOOL',
  aliases: ['pc'],
  short: 'Create a priority class with the specified name',
  examples: ['kubectl create priorityclass high-priority --value=1000 --description="high priority"'],
  namespaced: false,
  flags: [
    int('value', 'the value of this priority class.'),
    bool(
      'global-default',
      'global-default specifies whether this PriorityClass should be considered as the default priority.',
    ),
    text(
      'description',
      'description is an arbitrary string that usually provides guidelines on when this priority class should be used.',
    ),
    text('preemption-policy', 'preemption-policy is the policy for preempting pods with lower priority.', {
      default: 'PreemptLowerPriority',
    }),
  ],
  make: ({ flags }, name) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value: flags.int('value'),
    ...(flags.bool('global-default') ? { globalDefault: true } : {}),
    ...(flags.string('description') ? { description: flags.string('description') } : {}),
    preemptionPolicy: flags.string('preemption-policy'),
  }),
};

export const policyGenerators: Generator[] = [
  clusterRole,
  clusterRoleBinding,
  budget,
  priorityClass,
  quota,
  role,
  roleBinding,
];

/** kubectl create token: asks the server for a service account's token and prints it. */
export const token: Command = {
  use: 'token SERVICE_ACCOUNT_NAME',
  short: 'Request a service account token',
  examples: ['kubectl create token default', 'kubectl create token default --duration 10m'],
  flags: [
    ...printFlags,
    array('audience', 'Audience of the requested token.'),
    duration('duration', 'Requested lifetime of the issued token.'),
    text('bound-object-kind', 'Kind of an object to bind the token to.'),
    text('bound-object-name', 'Name of an object to bind the token to.'),
    text('bound-object-uid', 'UID of an object to bind the token to.'),
  ],
  async run({ kube, flags, args, usage }) {
    if (args.length !== 1) throw usage(`exactly one NAME is required, got ${args.length}`);
    const lifetime = flags.duration('duration');
    if (lifetime < 0) throw new CliError('--duration must be greater than or equal to 0');
    const audiences = flags.list('audience');
    const kind = flags.string('bound-object-kind');
    const bound = kind
      ? {
          boundObjectRef: {
            kind,
            apiVersion: 'v1',
            name: flags.string('bound-object-name'),
            ...(flags.string('bound-object-uid') ? { uid: flags.string('bound-object-uid') } : {}),
          },
        }
      : {};
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        ...(audiences.length > 0 ? { audiences } : {}),
        ...(lifetime > 0 ? { expirationSeconds: Math.round(lifetime / 1000) } : {}),
        ...bound,
      },
    };
    const answer = await kube.client
      .json<KubeObject>(`/api/v1/namespaces/${kube.namespace}/serviceaccounts/${args[0]}/token`, {
        method: 'POST',
        body,
      })
      .catch((error: unknown) => {
        throw new CliError(`failed to create token: ${messageOf(error)}`);
      });
    if (outputOf(flags).format !== '') {
      kube.out((await machineFormat(kube, flags))!(asJson(answer)));
      return 0;
    }
    kube.out(`${String(at(answer, 'status', 'token') ?? '')}\n`);
    return 0;
  },
};
