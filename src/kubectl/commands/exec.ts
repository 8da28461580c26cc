// kubectl exec and attach: a command, or the main process, of a running container joined to this terminal.

import type { Pod } from '../../api/generated/types.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, PlainError } from '../cli/errors.ts';
import { bool, duration, text } from '../cli/flags.ts';
import { fetchInfos, fileFlags, filenamesOf } from '../resource/builder.ts';
import { defaultContainer, podsOfWorkload } from '../resource/pods.ts';
import { attachNotice, runRemote } from '../resource/remote.ts';

const streamFlags = [
  text('container', 'The container; the first one when left out.', { short: 'c' }),
  bool('stdin', 'Pass stdin to the container.', { short: 'i' }),
  bool('tty', 'Stdin is a TTY.', { short: 't' }),
  bool('quiet', 'Only print the output of the command.', { short: 'q' }),
  duration('pod-running-timeout', 'How long to wait for a pod to run.', { default: '1m0s' }),
];

async function podOf({ kube, flags }: CommandContext, argument: string | undefined): Promise<Pod> {
  const filenames = flags.has('filename') ? filenamesOf(flags) : [];
  const { infos, errors } = await fetchInfos(
    kube,
    filenames.length > 0 ? { args: [], filenames } : { args: [argument!], defaultType: 'pods' },
  );
  if (errors.length > 0) throw errors[0];
  const info = infos[0]!;
  if (info.resource.kind === 'Pod') return info.object as unknown as Pod;
  const pod = (await podsOfWorkload(kube, info))[0];
  if (!pod) throw new CliError('timed out waiting for the condition');
  return pod;
}

function containerOf({ kube, flags }: CommandContext, pod: Pod): string {
  const wanted = flags.string('container');
  if (!wanted) return defaultContainer(kube, pod, flags.bool('quiet'));
  const { spec } = pod;
  const all = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  if (!all.some((each) => each.name === wanted))
    throw new CliError(`container ${wanted} not found in pod ${pod.metadata.name}`);
  return wanted;
}

async function join(
  context: CommandContext,
  pod: Pod,
  subresource: 'exec' | 'attach',
  command: string[],
): Promise<number> {
  const { kube, flags } = context;
  const { name, namespace } = pod.metadata;
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw new CliError(
      subresource === 'exec'
        ? `cannot exec into a container in a completed pod; current phase is ${phase}`
        : `cannot attach a container in a completed pod; current phase is ${phase}`,
    );
  }
  const container = containerOf(context, pod);
  let tty = flags.bool('tty');
  const stdin = flags.bool('stdin') ? kube.io.stdin : undefined;
  if (subresource === 'attach') {
    // the process has a terminal or it has none: attaching cannot change it
    const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? []), ...(pod.spec.ephemeralContainers ?? [])];
    const has = all.find((each) => each.name === container)?.tty === true;
    if (tty && !has && !flags.bool('quiet'))
      kube.err(`error: Unable to use a TTY - container ${container} did not allocate one\n`);
    tty = has && stdin !== undefined;
  }
  if (tty && (!kube.io.tty || !stdin)) {
    kube.err('Unable to use a TTY - input is not a terminal or the right kind of file\n');
    tty = false;
  }
  if (subresource === 'attach' && !flags.bool('quiet')) kube.err(attachNotice);
  const code = await runRemote(kube, {
    path: `/api/v1/namespaces/${namespace}/pods/${name}/${subresource}`,
    query: { command, container, stdin: stdin !== undefined, stdout: true, stderr: !tty, tty },
    stdin,
    tty,
  });
  if (code !== 0 && subresource === 'exec') throw new PlainError(`command terminated with exit code ${code}`, code);
  if (
    subresource === 'attach' &&
    flags.bool('stdin') &&
    tty &&
    pod.spec.restartPolicy === 'Always' &&
    !flags.bool('quiet')
  ) {
    kube.err(
      `Session ended, resume using '${context.path} ${name} -c ${container} -i -t' command when the pod is running\n`,
    );
  }
  return code;
}

export const exec: Command = {
  use: 'exec (POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]',
  short: 'Execute a command in a container',
  examples: ['kubectl exec web -- date', 'kubectl exec -it web -- sh', 'kubectl exec deploy/web -c app -- ls /'],
  arguments: 'pod-or-type',
  flags: [...streamFlags, ...fileFlags('exec into').filter((spec) => spec.name === 'filename')],
  async run(context) {
    const { args, dashAt, flags } = context;
    const fromFile = flags.changed('filename');
    if (args.length === 0 && !fromFile) throw new CliError('pod, type/name or --filename must be specified');
    const command = dashAt >= 0 ? args.slice(dashAt) : args.slice(fromFile ? 0 : 1);
    if (dashAt < 0 && command.length > 0) {
      throw new CliError(
        "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples",
      );
    }
    if (dashAt === 0 && !fromFile) throw new CliError('pod, type/name or --filename must be specified');
    if (command.length === 0) throw new CliError('you must specify at least one command for the container');
    return await join(context, await podOf(context, args[0]), 'exec', command);
  },
};

export const attach: Command = {
  use: 'attach (POD | TYPE/NAME) -c CONTAINER',
  short: 'Attach to a running container',
  long: 'Attach to a process that is already running inside an existing container.',
  examples: ['kubectl attach web', 'kubectl attach web -c app -i -t'],
  arguments: 'pod-or-type',
  flags: streamFlags,
  async run(context) {
    if (context.args.length === 0) throw context.usage('at least 1 argument is required for attach');
    if (context.args.length > 1)
      throw context.usage(
        `expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw ${context.args.length}: [${context.args.join(' ')}]`,
      );
    return await join(context, await podOf(context, context.args[0]), 'attach', []);
  },
};
