// kubectl set image | env | resources | selector | serviceaccount | subject: single facts of pod templates and bindings.

import type { Container, EnvVar } from '../../api/generated/types.ts';
import { twoWayMergePatch, twoWayStrategicPatch } from '../apply/strategic.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, throwAll } from '../cli/errors.ts';
import { array, bool, type FlagSpec, strings, text } from '../cli/flags.ts';
import { asJson, at, clone, type KubeObject, put } from '../object.ts';
import { dryRunFlag, dryRunOf, printFlags, resultPrinter } from '../print/printer.ts';
import { fetchInfos, fileFlags, filenamesOf, type Info, selectorFlag } from '../resource/builder.ts';
import { fieldManagerFlag, patchObject, patchTypes } from '../resource/helper.ts';
import { schemaOf } from '../rest/openapi.ts';

const shared: FlagSpec[] = [
  ...fileFlags('update'),
  ...printFlags,
  dryRunFlag,
  fieldManagerFlag('kubectl-set'),
  selectorFlag,
  bool('all', 'Select all objects of the type in the namespace.'),
];

/** Where a kind keeps its pod spec; undefined for kinds without one. */
export function podSpecPath(kind: string): string[] | undefined {
  if (kind === 'Pod') return ['spec'];
  if (kind === 'CronJob') return ['spec', 'jobTemplate', 'spec', 'template', 'spec'];
  return ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'ReplicationController'].includes(kind)
    ? ['spec', 'template', 'spec']
    : undefined;
}

function podSpec(object: KubeObject): {
  containers: Container[];
  initContainers?: Container[];
  serviceAccountName?: string;
} {
  const path = podSpecPath(object.kind);
  const spec = path && at(object, ...path);
  if (!spec) throw new CliError(`the object is not a pod or does not have a pod template: ${object.kind}`);
  return spec as never;
}

/** Changes every object with `change` and sends what is different. */
async function update(
  context: CommandContext,
  targets: string[],
  operation: string,
  change: (object: KubeObject, info: Info) => void | Promise<void>,
): Promise<number> {
  const { kube, flags } = context;
  const dryRun = dryRunOf(kube, flags);
  const print = await resultPrinter(kube, flags, dryRun);
  const { infos, errors } = await fetchInfos(kube, {
    args: targets,
    filenames: filenamesOf(flags),
    recursive: flags.bool('recursive'),
    selector: flags.string('selector'),
    all: flags.bool('all'),
    requireName: true,
  });
  for (const info of infos) {
    try {
      const after = clone(info.object);
      await change(after, info);
      const schema = await schemaOf(kube.io, kube.client, info.resource);
      const before = asJson(info.object) as never;
      const patch = schema
        ? twoWayStrategicPatch(before, asJson(after) as never, schema)
        : twoWayMergePatch(before, asJson(after) as never);
      if (Object.keys(patch).length === 0) continue;
      const shown =
        dryRun === 'client'
          ? after
          : await patchObject(kube, info, schema ? patchTypes.strategic : patchTypes.merge, patch, {
              dryRun,
              fieldManager: flags.string('field-manager'),
            });
      print(shown, operation);
    } catch (error) {
      errors.push(error);
    }
  }
  throwAll(errors);
  return 0;
}

const isPair = (arg: string) => /^[^/=]*[^/=-][^=]*=/.test(arg) || /^\*?[\w.-]*=/.test(arg);

const image: Command = {
  use: 'image (-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ... CONTAINER_NAME_N=CONTAINER_IMAGE_N',
  short: 'Update the image of a pod template',
  examples: ['kubectl set image deployment/web nginx=nginx:1.28', 'kubectl set image deployments --all app=busybox:2'],
  arguments: 'workload',
  flags: shared,
  async run(context) {
    const first = context.args.findIndex(isPair);
    const targets = first < 0 ? context.args : context.args.slice(0, first);
    const pairs = (first < 0 ? [] : context.args.slice(first)).map(
      (each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)] as const,
    );
    const errors: string[] = [];
    if (targets.length === 0 && filenamesOf(context.flags).length === 0)
      errors.push('one or more resources must be specified as <resource> <name> or <resource>/<name>');
    if (pairs.length === 0) errors.push('at least one image update is required');
    if (errors.length > 0) throw new CliError(errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`);
    return await update(context, targets, 'image updated', (object) => {
      const spec = podSpec(object);
      for (const [name, value] of pairs) {
        const found = [...spec.containers, ...(spec.initContainers ?? [])].filter(
          (each) => name === '*' || each.name === name,
        );
        if (found.length === 0) throw new CliError(`unable to find container named ${JSON.stringify(name)}`);
        for (const container of found) container.image = value;
      }
    });
  },
};

function chosen(spec: ReturnType<typeof podSpec>, pattern: string): Container[] {
  const expression = new RegExp(`^${pattern.replace(/[.+^${}()|\\]/g, '\\$&').replaceAll('*', '.*')}$`);
  return [...spec.containers, ...(spec.initContainers ?? [])].filter((each) => expression.test(each.name));
}

const env: Command = {
  use: 'env RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N',
  short: 'Update environment variables on a pod template',
  examples: [
    'kubectl set env deployment/web MODE=fast',
    'kubectl set env deployment/web MODE-',
    'kubectl set env deployment/web --list',
    'kubectl set env --from=configmap/app deployment/web',
  ],
  arguments: 'workload',
  flags: [
    ...shared,
    text('containers', 'The names of containers in the selected pod templates to change - may use wildcards', {
      short: 'c',
      default: '*',
    }),
    array('env', 'Specify a key-value pair for an environment variable to set into each container.', { short: 'e' }),
    text('from', 'The name of a resource from which to inject environment variables'),
    text('prefix', 'Prefix to append to variable names'),
    strings('keys', 'Comma-separated list of keys to import from specified resource'),
    bool('list', 'If true, display the environment and any changes in the standard format.'),
    bool('resolve', 'If true, show secret or configmap references when listing variables.'),
    bool('overwrite', 'If true, allow environment to be overwritten.', { default: 'true' }),
  ],
  async run(context) {
    const { kube, flags, args } = context;
    const first = args.findIndex((arg) => /^[\w.-]+=/.test(arg) || /^[A-Za-z_]\w*-$/.test(arg));
    const targets = first < 0 ? args : args.slice(0, first);
    const changes = [...(first < 0 ? [] : args.slice(first)), ...flags.list('env')];
    if (targets.length === 0 && filenamesOf(flags).length === 0)
      throw new CliError('one or more resources must be specified as <resource> <name> or <resource>/<name>');
    const from = flags.string('from');
    if (changes.length === 0 && !flags.bool('list') && !from)
      throw new CliError('at least one environment variable must be provided');
    const additions: EnvVar[] = changes
      .filter((each) => each.includes('='))
      .map((each) => ({ name: each.slice(0, each.indexOf('=')), value: each.slice(each.indexOf('=') + 1) }));
    const removals = changes.filter((each) => !each.includes('=')).map((each) => each.slice(0, -1));
    if (from) {
      const { infos, errors } = await fetchInfos(kube, { args: [from] });
      throwAll(errors);
      for (const { object, name } of infos) {
        const wanted = flags.list('keys');
        for (const key of Object.keys((object['data'] ?? {}) as object).sort()) {
          if (wanted.length > 0 && !wanted.includes(key)) continue;
          const variable = `${flags.string('prefix')}${key.toUpperCase().replace(/[^A-Z0-9_]/g, '_')}`;
          additions.push({
            name: variable,
            valueFrom: object.kind === 'Secret' ? { secretKeyRef: { name, key } } : { configMapKeyRef: { name, key } },
          });
        }
      }
    }
    return await update(context, targets, 'env updated', (object, info) => {
      const spec = podSpec(object);
      const containers = chosen(spec, flags.string('containers'));
      if (containers.length === 0) {
        kube.err(
          `warning: ${object.kind}/${info.name} does not have any containers matching ${JSON.stringify(flags.string('containers'))}\n`,
        );
        return;
      }
      for (const container of containers) {
        const list = (container.env ?? []).filter((each) => !removals.includes(each.name));
        for (const addition of additions) {
          const at = list.findIndex((each) => each.name === addition.name);
          if (at >= 0 && !flags.bool('overwrite'))
            throw new CliError(
              `'${addition.name}' already has a value (${list[at]!.value ?? ''}), and --overwrite is false`,
            );
          if (at >= 0) list[at] = addition;
          else list.push(addition);
        }
        if (list.length > 0 || container.env) container.env = list;
        if (flags.bool('list')) {
          kube.out(`# ${info.resource.kind} ${info.name}, container ${container.name}\n`);
          for (const each of list)
            kube.out(
              each.valueFrom ? `# ${each.name} from ${describeSource(each)}\n` : `${each.name}=${each.value ?? ''}\n`,
            );
        }
      }
    });
  },
};

function describeSource({ valueFrom }: EnvVar): string {
  if (valueFrom?.configMapKeyRef)
    return `configmap ${valueFrom.configMapKeyRef.name ?? ''}, key ${valueFrom.configMapKeyRef.key}`;
  if (valueFrom?.secretKeyRef) return `secret ${valueFrom.secretKeyRef.name ?? ''}, key ${valueFrom.secretKeyRef.key}`;
  if (valueFrom?.fieldRef) return `field path ${valueFrom.fieldRef.fieldPath}`;
  return `resource ${valueFrom?.resourceFieldRef?.resource ?? ''}`;
}

const resources: Command = {
  use: 'resources (-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS]',
  short: 'Update resource requests/limits on objects with pod templates',
  examples: [
    'kubectl set resources deployment web -c=nginx --limits=cpu=200m,memory=512Mi',
    'kubectl set resources deployment web --limits=cpu=0,memory=0',
  ],
  arguments: 'workload',
  flags: [
    ...shared,
    text('containers', 'The names of containers in the selected pod templates to change - may use wildcards', {
      short: 'c',
      default: '*',
    }),
    text('limits', 'The resource requirement limits for this container. For example, cpu=100m,memory=256Mi.'),
    text('requests', 'The resource requirement requests for this container. For example, cpu=100m,memory=256Mi.'),
  ],
  async run(context) {
    const { flags, args } = context;
    if (args.length === 0 && filenamesOf(flags).length === 0)
      throw new CliError('one or more resources must be specified as <resource> <name> or <resource>/<name>');
    if (!flags.string('limits') && !flags.string('requests'))
      throw new CliError('you must specify an update to requests or limits (in the form of --requests/--limits)');
    const parse = (list: string) =>
      list
        .split(',')
        .filter((each) => each !== '')
        .map((each): [string, string] => {
          const [name, value] = each.split('=');
          if (!name || !value) throw new CliError(`Invalid argument syntax ${each}, expected <resource>=<value>`);
          return [name, value];
        });
    return await update(context, args, 'resource requirements updated', (object) => {
      const containers = chosen(podSpec(object), flags.string('containers'));
      if (containers.length === 0) throw new CliError(`unable to find container named ${flags.string('containers')}`);
      for (const container of containers) {
        const requirements = { ...container.resources };
        for (const kind of ['limits', 'requests'] as const) {
          const list = { ...(requirements[kind] as { [name: string]: string } | undefined) };
          for (const [name, value] of parse(flags.string(kind))) {
            if (/^0\D*$/.test(value)) delete list[name];
            else list[name] = value;
          }
          if (Object.keys(list).length > 0) requirements[kind] = list;
          else delete requirements[kind];
        }
        container.resources = requirements;
      }
    });
  },
};

const selector: Command = {
  use: 'selector (-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]',
  short: 'Set the selector on a resource',
  examples: ['kubectl set selector service web app=web2'],
  arguments: 'resource',
  flags: shared.filter((spec) => spec.name !== 'selector'),
  async run(context) {
    const expressions = context.args.at(-1) ?? '';
    if (context.args.length < 2 || !expressions.includes('=')) throw new CliError('a selector must be specified');
    const labels = Object.fromEntries(expressions.split(',').map((each) => each.split(/==?/) as [string, string]));
    return await update(context, context.args.slice(0, -1), 'selector updated', (object) => {
      if (object.kind !== 'Service') throw new CliError(`setting a selector is only supported for Services`);
      put(object, ['spec', 'selector'], labels);
    });
  },
};

const serviceAccount: Command = {
  use: 'serviceaccount (-f FILENAME | TYPE NAME) SERVICE_ACCOUNT',
  aliases: ['sa'],
  short: 'Update the service account of a resource',
  examples: ['kubectl set serviceaccount deployment web serviceaccount1'],
  arguments: 'workload',
  flags: shared,
  async run(context) {
    if (context.args.length === 0) throw new CliError('serviceaccount is required');
    const name = context.args.at(-1)!;
    return await update(context, context.args.slice(0, -1), 'serviceaccount updated', (object) => {
      const spec = podSpec(object) as { serviceAccountName?: string; serviceAccount?: string };
      spec.serviceAccountName = name;
      if (spec.serviceAccount !== undefined) spec.serviceAccount = name;
    });
  },
};

const subject: Command = {
  use: 'subject (-f FILENAME | TYPE NAME) [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname]',
  short: 'Update the user, group, or service account in a role binding or cluster role binding',
  examples: ['kubectl set subject clusterrolebinding admin --user=user1'],
  arguments: 'resource',
  flags: [
    ...shared,
    array('user', 'Usernames to bind to the role.'),
    array('group', 'Groups to bind to the role.'),
    array('serviceaccount', 'Service accounts to bind to the role.'),
  ],
  async run(context) {
    const { flags } = context;
    const added = [
      ...flags.list('user').map((name) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name })),
      ...flags.list('group').map((name) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name })),
      ...flags.list('serviceaccount').map((each) => ({
        kind: 'ServiceAccount',
        name: each.split(':')[1] ?? '',
        namespace: each.split(':')[0] ?? '',
      })),
    ];
    if (added.length === 0) throw new CliError('you must specify at least one value of user, group or serviceaccount');
    return await update(context, context.args, 'subjects updated', (object) => {
      const subjects = (object['subjects'] ?? []) as { kind: string; name: string; namespace?: string }[];
      const fresh = added.filter(
        (each) =>
          !subjects.some(
            (old) =>
              old.kind === each.kind &&
              old.name === each.name &&
              (old.namespace ?? '') === ('namespace' in each ? each.namespace : ''),
          ),
      );
      object['subjects'] = [...subjects, ...fresh];
    });
  },
};

export const command: Command = {
  use: 'set SUBCOMMAND',
  short: 'Set specific features on objects',
  long: 'Configure application resources: change single facts of objects that exist.',
  commands: [env, image, resources, selector, serviceAccount, subject],
};
