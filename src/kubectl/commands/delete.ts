// kubectl delete: by file, name, selector or all of a type; waits until the objects are gone.

import { timeoutSignal } from '../../env/clock.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, isNotFound, throwAll } from '../cli/errors.ts';
import { bool, duration, int, text } from '../cli/flags.ts';
import type { KubeObject } from '../object.ts';
import { dryRunFlag, dryRunOf, resultPrinter } from '../print/printer.ts';
import {
  allNamespacesFlag,
  fetchInfos,
  fieldSelectorFlag,
  fileFlags,
  filenamesOf,
  resolveTargets,
  selectorFlag,
  type Target,
} from '../resource/builder.ts';
import { watchObject } from '../resource/watching.ts';
import { apiVersionOf, pathOf, type Resource } from '../rest/discovery.ts';

interface Deleted {
  resource: Resource;
  namespace: string;
  name: string;
  uid: string | undefined;
}

function propagation(flags: CommandContext['flags']): string {
  const cascade = flags.string('cascade');
  switch (cascade) {
    case 'background':
    case 'true':
      return 'Background';
    case 'foreground':
      return 'Foreground';
    case 'orphan':
    case 'false':
      return 'Orphan';
    default:
      throw new CliError(`invalid cascade value (${cascade}). Must be "background", "foreground", or "orphan"`);
  }
}

async function run(context: CommandContext): Promise<number> {
  const { kube, flags, args } = context;
  const filenames = filenamesOf(flags);
  const dryRun = dryRunOf(kube, flags);
  const output = flags.string('output');
  if (output !== '' && output !== 'name')
    throw context.usage(`unexpected -o output mode: ${output}. We only support '-o name'`);
  if (flags.bool('all') && flags.string('selector'))
    throw new CliError('cannot set --all and --selector at the same time');
  if (flags.bool('all') && flags.string('field-selector'))
    throw new CliError('cannot set --all and --field-selector at the same time');
  let grace = flags.int('grace-period');
  const force = flags.bool('force');
  let wait = flags.bool('wait');
  if (flags.bool('now')) {
    if (grace !== -1) throw new CliError('--now and --grace-period cannot be specified together');
    grace = 1;
  }
  if (grace === 0 && !force) grace = 1;
  if (force && grace < 0) grace = 0;
  if (grace === 0 && force) {
    kube.err(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    );
    if (!flags.changed('wait')) wait = false;
  }
  const propagationPolicy = propagation(flags);
  const options = {
    args,
    filenames,
    recursive: flags.bool('recursive'),
    selector: flags.string('selector'),
    fieldSelector: flags.string('field-selector'),
    all: flags.bool('all'),
    allNamespaces: flags.bool('all-namespaces'),
    requireName: true,
  };
  const selecting = Boolean(options.selector || options.fieldSelector || options.all);
  const errors: unknown[] = [];
  let targets: Target[] = [];
  if (selecting && filenames.length === 0) {
    const found = await fetchInfos(kube, options);
    errors.push(...found.errors);
    targets = found.infos.map(({ resource, namespace, name }) => ({ resource, namespace, name }));
  } else {
    const found = await resolveTargets(kube, options);
    errors.push(...found.errors);
    targets = found.targets;
  }
  const ignoreNotFound = flags.changed('ignore-not-found') ? flags.bool('ignore-not-found') : selecting;
  const deleted: Deleted[] = [];
  const print = output === 'name' ? await resultPrinter(kube, flags, dryRun) : undefined;
  let found = 0;
  for (const target of targets) {
    const { resource, namespace } = target;
    const name = target.name ?? '';
    if (dryRun === 'client') {
      report(target);
      found++;
      continue;
    }
    try {
      const body = {
        kind: 'DeleteOptions',
        apiVersion: 'v1',
        propagationPolicy,
        ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}),
        ...(dryRun === 'server' ? { dryRun: ['All'] } : {}),
      };
      const answer = await kube.client.json<KubeObject & { details?: { uid?: string } }>(
        pathOf(resource, namespace, name),
        { method: 'DELETE', body },
      );
      found++;
      deleted.push({
        resource,
        namespace,
        name,
        uid: answer.kind === 'Status' ? answer.details?.uid : answer.metadata?.uid,
      });
      report(target);
    } catch (error) {
      if (!(ignoreNotFound && isNotFound(error))) errors.push(error);
    }
  }
  if (found === 0 && errors.length === 0 && !print) kube.out('No resources found\n');
  if (wait && dryRun === 'none') await waitForGone(context, deleted, errors);
  throwAll(errors);
  return 0;

  function report(target: Target): void {
    const { resource } = target;
    const object = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { name: target.name ?? '' } };
    if (print) {
      print(object, '');
      return;
    }
    const kind = `${resource.kind.toLowerCase()}${resource.group ? `.${resource.group}` : ''}`;
    const suffix = dryRun === 'client' ? ' (dry run)' : dryRun === 'server' ? ' (server dry run)' : '';
    const where = resource.namespaced ? ` from ${target.namespace} namespace` : '';
    kube.out(
      `${kind} ${JSON.stringify(target.name)} ${force && grace === 0 ? 'force ' : ''}deleted${where}${suffix}\n`,
    );
  }
}

async function waitForGone({ kube, flags }: CommandContext, deleted: Deleted[], errors: unknown[]): Promise<void> {
  const limit = flags.duration('timeout') || 168 * 3_600_000;
  const timer = timeoutSignal(kube.io.clock, limit);
  const signal = kube.signal ? AbortSignal.any([kube.signal, timer.signal]) : timer.signal;
  try {
    for (const each of deleted) {
      let gone = false;
      for await (const event of watchObject(kube, each, signal)) {
        gone = event.object === undefined || (each.uid !== undefined && event.object.metadata.uid !== each.uid);
        if (gone) break;
      }
      if (!gone && !kube.signal?.aborted)
        errors.push(new CliError(`timed out waiting for the condition on ${each.resource.name}/${each.name}`));
    }
  } finally {
    timer.cancel();
  }
}

export const command: Command = {
  use: 'delete ([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)])',
  short: 'Delete resources by file names, stdin, resources and names, or by resources and label selector',
  long: 'Delete objects by file, stdin, type and name, or type and selector. Pods get a grace period to end in; the command waits until the objects are gone.',
  examples: [
    'kubectl delete -f ./pod.json',
    'kubectl delete pod,service web',
    'kubectl delete pods -l app=web',
    'kubectl delete pod web --now',
    'kubectl delete pods --all',
  ],
  arguments: 'resource',
  flags: [
    ...fileFlags('delete'),
    selectorFlag,
    fieldSelectorFlag,
    allNamespacesFlag,
    dryRunFlag,
    text('output', 'Output mode. Use "-o name" for shorter output (resource/name).', { short: 'o' }),
    bool('all', 'Delete all objects, in the namespace of the specified types.'),
    bool('ignore-not-found', 'Treat "not found" as a successful delete.'),
    bool('force', 'Delete at once, without waiting for the object to end.'),
    bool('now', 'End at once (as --grace-period=1).'),
    bool('wait', 'Wait for the objects to be gone.', { default: 'true' }),
    int('grace-period', 'Seconds the object gets to end in; negative: what the object says.', { default: '-1' }),
    duration('timeout', 'How long to wait; zero is what the objects say.'),
    text('cascade', 'How dependents are deleted: background, orphan, or foreground.', {
      default: 'background',
      bare: 'background',
    }),
  ],
  run,
};
