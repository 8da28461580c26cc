// kubectl auth can-i | whoami | reconcile: what the server lets this user do, and who it takes the user for.

import type { Json } from '../../env/env.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, isNotFound, PlainError, throwAll } from '../cli/errors.ts';
import { bool } from '../cli/flags.ts';
import { asJson, at, clone, type KubeObject } from '../object.ts';
import { machineFormat, outputOf, printFlags, resultPrinter } from '../print/printer.ts';
import { alignTabs, tableTabs } from '../print/tabwriter.ts';
import { allNamespacesFlag, fileFlags, filenamesOf, subresourceFlag, targetsOfFiles } from '../resource/builder.ts';
import { createObject, replaceObject } from '../resource/helper.ts';
import { groupResource, pathOf } from '../rest/discovery.ts';

async function list({ kube, flags }: CommandContext): Promise<number> {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    metadata: {},
    spec: { namespace: kube.namespace },
  };
  const answer = await kube.client.json('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
    method: 'POST',
    body,
  });
  const resourceRules = (at(answer, 'status', 'resourceRules') ?? []) as {
    apiGroups?: string[];
    resources?: string[];
    resourceNames?: string[];
    verbs: string[];
  }[];
  const other = (at(answer, 'status', 'nonResourceRules') ?? []) as { nonResourceURLs?: string[]; verbs: string[] }[];
  const rows: { key: string; cells: string[] }[] = [];
  const add = (verbs: string[], group: string, resource: string, names: string[], url: string) => {
    const [base, sub] = resource.split('/');
    const shown = group === '' ? resource : `${base}.${group}${sub ? `/${sub}` : ''}`;
    const list = (values: string[]) => `[${values.join(' ')}]`;
    const key = `${list(verbs)},APIGroups:[${group}],Resources:[${resource}],ResourceNames:${list(names)},URLs:[${url}]`;
    rows.push({
      key: resource ? key : `${list(verbs)},APIGroups:[],URLs:[${url}]`,
      cells: [shown, `[${url}]`, list(names), list(verbs)],
    });
  };
  for (const rule of resourceRules) {
    for (const group of rule.apiGroups ?? ['']) {
      for (const resource of rule.resources ?? []) add(rule.verbs, group, resource, rule.resourceNames ?? [], '');
    }
  }
  for (const rule of other) for (const url of rule.nonResourceURLs ?? []) add(rule.verbs, '', '', [], url);
  rows.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const head = flags.bool('no-headers') ? [] : [['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs']];
  kube.out(
    alignTabs(`${[...head, ...rows.map((row) => row.cells)].map((row) => row.join('\t')).join('\n')}\n`, tableTabs),
  );
  return 0;
}

const canI: Command = {
  use: 'can-i VERB [TYPE | TYPE/NAME | NONRESOURCEURL]',
  short: 'Check whether an action is allowed',
  examples: [
    'kubectl auth can-i create pods --all-namespaces',
    'kubectl auth can-i list deployments.apps',
    'kubectl auth can-i get /logs/',
    'kubectl auth can-i --list --namespace=foo',
  ],
  flags: [
    allNamespacesFlag,
    subresourceFlag,
    bool('list', 'Print all allowed actions.'),
    bool('no-headers', "Don't print headers."),
    bool('quiet', 'Suppress output and just return the exit code.', { short: 'q' }),
  ],
  async run(context) {
    const { kube, flags, args } = context;
    if (flags.bool('list')) {
      if (args.length > 0) throw new CliError('list option must be specified with no arguments');
      return await list(context);
    }
    if (args.length === 0 || args.length > 3)
      throw new CliError(
        "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
      );
    const [verb, what = ''] = args as [string, string | undefined];
    if (args.length === 1)
      throw new CliError(
        "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
      );
    let spec: { [key: string]: Json };
    if (what.startsWith('/')) spec = { nonResourceAttributes: { path: what, verb } };
    else {
      const [type, inline] = what.split('/') as [string, string | undefined];
      const known = type === '*' ? undefined : await kube.discovery.find(type).catch(() => undefined);
      if (!known && type !== '*') kube.err(`Warning: the server doesn't have a resource type '${type}'\n`);
      if (known && !known.namespaced && !flags.bool('all-namespaces')) {
        kube.err(
          `Warning: resource '${known.name}' is not namespace scoped${known.group ? ` in group '${known.group}'` : ''}\n\n`,
        );
      }
      const name = inline ?? args[2];
      spec = {
        resourceAttributes: {
          ...(flags.bool('all-namespaces') ? {} : { namespace: kube.namespace }),
          verb,
          ...(known?.group ? { group: known.group } : type === '*' ? { group: '*' } : {}),
          resource: known?.name ?? type,
          ...(flags.string('subresource') ? { subresource: flags.string('subresource') } : {}),
          ...(name ? { name } : {}),
        },
      };
    }
    const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', metadata: {}, spec };
    const answer = await kube.client.json('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      method: 'POST',
      body,
    });
    const allowed = at(answer, 'status', 'allowed') === true;
    if (!flags.bool('quiet')) {
      const reason = String(at(answer, 'status', 'reason') ?? '');
      const failure = String(at(answer, 'status', 'evaluationError') ?? '');
      kube.out(
        `${allowed ? 'yes' : 'no'}${!allowed && reason ? ` - ${reason}` : ''}${!allowed && failure ? ` - ${failure}` : ''}\n`,
      );
    }
    if (!allowed) throw new PlainError('', 1);
    return 0;
  },
};

const whoami: Command = {
  use: 'whoami',
  short: 'Experimental: Check self subject attributes',
  examples: ['kubectl auth whoami', 'kubectl auth whoami -o json'],
  flags: printFlags,
  async run({ kube, flags }) {
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: {},
      status: { userInfo: {} },
    };
    const answer = await kube.client.json<KubeObject>('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      method: 'POST',
      body,
    });
    if (outputOf(flags).format !== '') {
      kube.out((await machineFormat(kube, flags))!(asJson(answer)));
      return 0;
    }
    const user = (at(answer, 'status', 'userInfo') ?? {}) as {
      username?: string;
      uid?: string;
      groups?: string[];
      extra?: { [key: string]: string[] };
    };
    const lines = ['ATTRIBUTE\tVALUE', `Username\t${user.username ?? ''}`];
    if (user.uid) lines.push(`UID\t${user.uid}`);
    if (user.groups?.length) lines.push(`Groups\t[${user.groups.join(' ')}]`);
    for (const key of Object.keys(user.extra ?? {}).sort())
      lines.push(`Extra: ${key}\t[${user.extra![key]!.join(' ')}]`);
    kube.out(alignTabs(`${lines.join('\n')}\n`, tableTabs));
    return 0;
  },
};

const rulesKinds = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'];

const reconcile: Command = {
  use: 'reconcile -f FILENAME',
  short: 'Reconciles rules for RBAC role, role binding, cluster role, and cluster role binding objects',
  examples: ['kubectl auth reconcile -f my-rbac-rules.yaml'],
  arguments: 'file',
  flags: [...fileFlags('reconcile'), ...printFlags],
  async run({ kube, flags }) {
    const print = await resultPrinter(kube, flags);
    const { targets, errors } = await targetsOfFiles(kube, filenamesOf(flags), flags.bool('recursive'));
    for (const target of targets) {
      try {
        const { resource, namespace, object } = target;
        const name = object.metadata.name ?? '';
        if (!rulesKinds.includes(resource.kind))
          throw new CliError(`only rbac.authorization.k8s.io/v1 is supported: not ${groupResource(resource)}`);
        const live = await kube.client.json<KubeObject>(pathOf(resource, namespace, name)).catch((error: unknown) => {
          if (isNotFound(error)) return undefined;
          throw error;
        });
        if (!live) {
          print(await createObject(kube, resource, namespace, object, {}), 'reconciled');
          continue;
        }
        const merged = clone(live);
        const field = resource.kind.endsWith('Binding') ? 'subjects' : 'rules';
        const have = (merged[field] ?? []) as unknown[];
        const want = (object[field] ?? []) as unknown[];
        merged[field] = [
          ...have,
          ...want.filter((each) => !have.some((old) => JSON.stringify(old) === JSON.stringify(each))),
        ];
        print(await replaceObject(kube, { resource, namespace, name }, merged, {}), 'reconciled');
      } catch (error) {
        errors.push(error);
      }
    }
    throwAll(errors);
    return 0;
  },
};

export const command: Command = { use: 'auth', short: 'Inspect authorization', commands: [canI, reconcile, whoami] };
