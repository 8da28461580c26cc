// kubectl rollout: history, pause, restart, resume, status and undo of deployments, daemon sets and stateful sets.

import { rfc3339 } from '../../env/clock.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, throwAll } from '../cli/errors.ts';
import { bool, duration, type FlagSpec, int } from '../cli/flags.ts';
import { at, clone, type KubeObject, put } from '../object.ts';
import { dryRunFlag, dryRunOf, outputOf, printFlags, resultPrinter } from '../print/printer.ts';
import { fetchInfos, fileFlags, filenamesOf, type Info, selectorFlag } from '../resource/builder.ts';
import { fieldManagerFlag, patchObject, patchTypes } from '../resource/helper.ts';
import { historyText, revisionsOf, templateOf } from '../resource/revisions.ts';
import { statusOf } from '../resource/rollout-status.ts';
import { deadline, watchObject } from '../resource/watching.ts';

const shared: FlagSpec[] = [...fileFlags('roll out'), selectorFlag];

async function targetsOf({ kube, flags, args }: CommandContext): Promise<Info[]> {
  const filenames = filenamesOf(flags);
  if (args.length === 0 && filenames.length === 0) throw new CliError('required resource not specified');
  const { infos, errors } = await fetchInfos(kube, {
    args,
    filenames,
    recursive: flags.bool('recursive'),
    selector: flags.string('selector'),
  });
  throwAll(errors);
  if (infos.length === 0) kube.err(`No resources found in ${kube.namespace} namespace.\n`);
  return infos;
}

/** Patches every target with what `patch` gives. */
async function patching(
  context: CommandContext,
  operation: string,
  patch: (info: Info) => { [key: string]: unknown },
): Promise<number> {
  const { kube, flags } = context;
  const dryRun = dryRunOf(kube, flags);
  const print = await resultPrinter(kube, flags, dryRun);
  const errors: unknown[] = [];
  for (const info of await targetsOf(context)) {
    try {
      const body = patch(info);
      print(
        dryRun === 'client'
          ? info.object
          : await patchObject(kube, info, patchTypes.strategic, body, {
              dryRun,
              fieldManager: flags.string('field-manager'),
            }),
        operation,
      );
    } catch (error) {
      errors.push(error);
    }
  }
  throwAll(errors);
  return 0;
}

const label = (info: Info) =>
  `${info.resource.name}${info.resource.group ? `.${info.resource.group}` : ''} ${JSON.stringify(info.name)}`;

const pauseLike = (verb: 'pause' | 'resume', short: string): Command => ({
  use: `${verb} RESOURCE`,
  short,
  examples: [`kubectl rollout ${verb} deployment/web`],
  arguments: 'workload',
  flags: [...shared, ...printFlags, dryRunFlag, fieldManagerFlag('kubectl-rollout')],
  run: (context) =>
    patching(context, verb === 'pause' ? 'paused' : 'resumed', (info) => {
      if (info.object.kind !== 'Deployment')
        throw new CliError(`${label(info)} ${verb === 'pause' ? 'pausing' : 'resuming'} is not supported`);
      const paused = at(info.object, 'spec', 'paused') === true;
      if (verb === 'pause' && paused) throw new CliError(`${label(info)} is already paused`);
      if (verb === 'resume' && !paused) throw new CliError(`${label(info)} is not paused`);
      return { spec: { paused: verb === 'pause' ? true : null } };
    }),
});

const restart: Command = {
  use: 'restart RESOURCE',
  short: 'Restart a resource',
  examples: ['kubectl rollout restart deployment/web'],
  arguments: 'workload',
  flags: [...shared, ...printFlags, dryRunFlag, fieldManagerFlag('kubectl-rollout')],
  run: (context) =>
    patching(context, 'restarted', (info) => {
      if (!['Deployment', 'DaemonSet', 'StatefulSet'].includes(info.object.kind))
        throw new CliError(`${label(info)} restarting is not supported`);
      if (at(info.object, 'spec', 'paused') === true)
        throw new CliError(`can't restart paused deployment (run rollout resume first)`);
      const stamp = rfc3339(context.kube.io.clock.now());
      return { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': stamp } } } } };
    }),
};

const status: Command = {
  use: 'status (TYPE NAME | TYPE/NAME) [flags]',
  short: 'Show the status of the rollout',
  examples: ['kubectl rollout status deployment/web'],
  arguments: 'workload',
  flags: [
    ...shared,
    bool('watch', 'Watch the status of the rollout until it is done.', { short: 'w', default: 'true' }),
    int('revision', 'Pin to a specific revision for showing its status. Defaults to 0 (last revision).'),
    duration('timeout', 'How long to wait; zero is for ever.'),
  ],
  async run(context) {
    const { kube, flags } = context;
    const infos = await targetsOf(context);
    const limit = flags.duration('timeout');
    for (const info of infos) {
      const timer = deadline(kube, limit);
      const { signal } = timer;
      let done = false;
      let last = '';
      try {
        for await (const { object } of watchObject(kube, info, signal)) {
          if (!object) throw new CliError(`object has been deleted`);
          const { message, complete } = statusOf(object, flags.int('revision'));
          if (message !== last) kube.out(message);
          last = message;
          done = complete;
          if (complete || !flags.bool('watch')) break;
        }
      } finally {
        timer.cancel();
      }
      if (!done && flags.bool('watch')) {
        if (kube.signal?.aborted) return 130;
        throw new CliError('timed out waiting for the condition');
      }
    }
    return 0;
  },
};

const history: Command = {
  use: 'history (TYPE NAME | TYPE/NAME) [flags]',
  short: 'View rollout history',
  examples: ['kubectl rollout history deployment/web', 'kubectl rollout history deployment/web --revision=3'],
  arguments: 'workload',
  flags: [
    ...shared,
    ...printFlags,
    int('revision', 'See the details, including podTemplate of the revision specified'),
  ],
  async run(context) {
    const { kube, flags } = context;
    const revision = flags.int('revision');
    if (revision < 0) throw new CliError(`revision must be a positive integer: ${revision}`);
    for (const info of await targetsOf(context)) {
      const revisions = await revisionsOf(kube, info);
      if (outputOf(flags).format !== '') {
        const print = await resultPrinter(kube, flags);
        const chosen = revision > 0 ? revisions.filter((each) => each.number === revision) : revisions;
        if (chosen.length === 0) throw new CliError(`unable to find the specified revision`);
        for (const each of chosen) print(each.object, '');
        continue;
      }
      const kind = `${info.resource.kind.toLowerCase()}.${info.resource.group}`;
      const withRevision = revision > 0 ? ` with revision #${revision}` : ' ';
      kube.out(`${kind}/${info.name}${withRevision}\n${historyText(revisions, revision)}\n`);
    }
    return 0;
  },
};

const undo: Command = {
  use: 'undo (TYPE NAME | TYPE/NAME) [flags]',
  short: 'Undo a previous rollout',
  examples: ['kubectl rollout undo deployment/web', 'kubectl rollout undo deployment/web --to-revision=3'],
  arguments: 'workload',
  flags: [
    ...shared,
    ...printFlags,
    dryRunFlag,
    int('to-revision', 'The revision to rollback to. Default to 0 (last revision).'),
  ],
  async run(context) {
    const { kube, flags } = context;
    const wanted = flags.int('to-revision');
    const dryRun = dryRunOf(kube, flags);
    const print = await resultPrinter(kube, flags, dryRun);
    for (const info of await targetsOf(context)) {
      const revisions = (await revisionsOf(kube, info)).sort((a, b) => a.number - b.number);
      const target = wanted > 0 ? revisions.find((each) => each.number === wanted) : revisions.at(-2);
      if (!target) {
        if (wanted > 0) throw new CliError(`unable to find specified revision ${wanted} in history`);
        throw new CliError(
          `no rollout history found for ${info.resource.kind.toLowerCase()} ${JSON.stringify(info.name)}`,
        );
      }
      if (at(info.object, 'spec', 'paused') === true)
        throw new CliError(
          `you cannot rollback a paused ${info.resource.kind.toLowerCase()}; resume it first with 'kubectl rollout resume' and try again`,
        );
      const template = templateOf(target.object);
      if (JSON.stringify(template) === JSON.stringify(templateOf(info.object))) {
        const kind = { kind: info.object.kind, apiVersion: info.object.apiVersion, metadata: info.object.metadata };
        print(kind, `skipped rollback (current template already matches revision ${target.number})`);
        continue;
      }
      let shown: KubeObject = clone(info.object);
      put(shown, ['spec', 'template'], template);
      if (dryRun !== 'client') {
        const patch = [{ op: 'replace', path: '/spec/template', value: template }];
        shown = await patchObject(kube, info, patchTypes.json, patch, { dryRun, fieldManager: 'kubectl-rollout' });
      }
      print(shown, 'rolled back');
    }
    return 0;
  },
};

export const command: Command = {
  use: 'rollout SUBCOMMAND',
  short: 'Manage the rollout of a resource',
  long: 'Manage the rollout of one or many resources: deployments, daemonsets and statefulsets.',
  examples: [
    'kubectl rollout undo deployment/web',
    'kubectl rollout status daemonset/agent',
    'kubectl rollout restart deployment/web',
  ],
  commands: [
    history,
    pauseLike('pause', 'Mark the provided resource as paused'),
    restart,
    pauseLike('resume', 'Resume a paused resource'),
    status,
    undo,
  ],
};
