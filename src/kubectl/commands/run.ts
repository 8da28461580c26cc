// kubectl run: one pod from an image; with -it joined to the terminal, with --rm deleted afterwards.

import type { Pod } from '../../api/generated/types.ts';
import { timeoutSignal } from '../../env/clock.ts';
import { messageOf } from '../../env/errors.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, PlainError } from '../cli/errors.ts';
import { array, bool, duration, text } from '../cli/flags.ts';
import type { Kube } from '../kube.ts';
import type { KubeObject } from '../object.ts';
import { dryRunFlag, dryRunOf, printFlags } from '../print/printer.ts';
import { createObject, fieldManagerFlag } from '../resource/helper.ts';
import { attachNotice, runRemote } from '../resource/remote.ts';
import { watchObject } from '../resource/watching.ts';
import { chunksOf } from '../rest/client.ts';
import { createGenerated } from './create.ts';

function parseLabels(text: string, name: string): { [key: string]: string } {
  if (text === '') return { run: name };
  return Object.fromEntries(
    text.split(',').map((each) => {
      const at = each.indexOf('=');
      if (at < 0) throw new CliError(`unexpected label spec: ${each}`);
      return [each.slice(0, at), each.slice(at + 1)];
    }),
  );
}

function podOf({ flags, args }: CommandContext): KubeObject {
  const name = args[0]!;
  const words = args.slice(1);
  const env = flags.list('env').map((each) => {
    const at = each.indexOf('=');
    if (at <= 0) throw new CliError(`invalid env: ${each}`);
    return { name: each.slice(0, at), value: each.slice(at + 1) };
  });
  const stdin = flags.bool('stdin');
  const port = flags.string('port');
  const pull = flags.string('image-pull-policy');
  const annotations = Object.fromEntries(
    flags.list('annotations').map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
  );
  const container = {
    name,
    image: flags.string('image'),
    resources: {},
    ...(env.length > 0 ? { env } : {}),
    ...(port ? { ports: [{ containerPort: Number(port) }] } : {}),
    ...(words.length > 0 ? (flags.bool('command') ? { command: words } : { args: words }) : {}),
    ...(pull ? { imagePullPolicy: pull } : {}),
    ...(stdin ? { stdin: true, stdinOnce: !flags.bool('leave-stdin-open') } : {}),
    ...(flags.bool('tty') ? { tty: true } : {}),
    ...(flags.bool('privileged') ? { securityContext: { privileged: true } } : {}),
  };
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      labels: parseLabels(flags.string('labels'), name),
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    spec: { containers: [container], dnsPolicy: 'ClusterFirst', restartPolicy: flags.string('restart') },
    status: {},
  };
  const overrides = flags.string('overrides');
  return overrides ? (mergeInto(pod, JSON.parse(overrides)) as KubeObject) : pod;
}

function mergeInto(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = { ...(typeof target === 'object' && target !== null ? target : {}) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergeInto(merged[key], value);
  }
  return merged;
}

/** Follows the pod until it runs or has ended. */
async function waitForStart({ kube, flags }: CommandContext, name: string): Promise<Pod> {
  const resource = await kube.discovery.find('pods');
  const timer = timeoutSignal(kube.io.clock, flags.duration('pod-running-timeout'));
  const signal = kube.signal ? AbortSignal.any([kube.signal, timer.signal]) : timer.signal;
  try {
    for await (const { object } of watchObject(kube, { resource, namespace: kube.namespace, name }, signal)) {
      if (!object) throw new CliError(`pods ${JSON.stringify(name)} not found`);
      const pod = object as unknown as Pod;
      const phase = pod.status?.phase;
      const running = pod.status?.containerStatuses?.some((each) => each.state?.running);
      if ((phase === 'Running' && running) || phase === 'Succeeded' || phase === 'Failed') return pod;
    }
  } finally {
    timer.cancel();
  }
  throw new CliError('timed out waiting for the condition');
}

async function exitCode({ kube }: CommandContext, name: string): Promise<number> {
  const resource = await kube.discovery.find('pods');
  const timer = timeoutSignal(kube.io.clock, 60_000);
  try {
    for await (const { object } of watchObject(kube, { resource, namespace: kube.namespace, name }, timer.signal)) {
      const pod = object as unknown as Pod | undefined;
      if (!pod || pod.status?.phase === 'Succeeded') return 0;
      const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
      if (pod.status?.phase === 'Failed' && ended) return ended.exitCode;
    }
  } finally {
    timer.cancel();
  }
  return 0;
}

async function printLogs(kube: Kube, path: string, container: string): Promise<void> {
  const response = await kube.client.request(`${path}/log`, { query: { container }, accept: '*/*' });
  for await (const chunk of chunksOf(response, kube.signal)) kube.out(chunk);
}

async function attachTo(context: CommandContext, pod: Pod): Promise<number> {
  const { kube, flags } = context;
  const { name } = pod.metadata;
  const path = `/api/v1/namespaces/${kube.namespace}/pods/${name}`;
  if (pod.status?.phase === 'Running') {
    const tty = flags.bool('tty') && kube.io.tty !== undefined && kube.io.stdin !== undefined;
    if (flags.bool('tty') && !tty)
      kube.err('Unable to use a TTY - input is not a terminal or the right kind of file\n');
    const stdin = flags.bool('stdin') ? kube.io.stdin : undefined;
    if (!flags.bool('quiet') && stdin) kube.err(attachNotice);
    try {
      await runRemote(kube, {
        path: `${path}/attach`,
        query: { container: name, stdin: stdin !== undefined, stdout: true, stderr: !tty, tty },
        stdin,
        tty,
      });
    } catch (error) {
      if (kube.signal?.aborted) throw error;
      // it may have ended since it was seen running
      kube.err(`warning: couldn't attach to pod/${name}, falling back to streaming logs: ${messageOf(error)}\n`);
      await printLogs(kube, path, name);
    }
  } else await printLogs(kube, path, name);
  if (flags.string('restart') === 'Always') {
    if (flags.bool('tty') && flags.bool('stdin') && !flags.bool('rm')) {
      kube.out(
        `Session ended, resume using 'kubectl attach ${name} -c ${name} -i -t' command when the pod is running\n`,
      );
    }
    return 0;
  }
  return await exitCode(context, name);
}

export const command: Command = {
  use: 'run NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...]',
  short: 'Run a particular image on the cluster',
  long: 'Create and run a particular image in a pod.',
  examples: [
    'kubectl run web --image=nginx --port=80',
    'kubectl run -it --rm box --image=busybox --restart=Never -- sh',
    'kubectl run web --image=nginx --dry-run=client -o yaml',
  ],
  arguments: 'none',
  flags: [
    ...printFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-run'),
    text('image', 'The image for the container to run.', { required: true }),
    text('image-pull-policy', "The image pull policy for the container; the server's default when left out."),
    text('restart', 'The restart policy for this Pod: Always, OnFailure, Never.', { default: 'Always' }),
    text('labels', 'Comma separated labels to apply to the pod.', { short: 'l' }),
    text('port', 'The port that this container exposes.'),
    text('overrides', 'An inline JSON object laid over the generated one.'),
    array('env', 'Environment variables to set in the container.'),
    array('annotations', 'Annotations to apply to the pod.'),
    bool('command', 'The words after -- are the command, not its arguments.'),
    bool('stdin', 'Keep stdin open on the container.', { short: 'i' }),
    bool('tty', 'Allocate a TTY for the container.', { short: 't' }),
    bool('attach', 'Wait for the pod to run, then attach to it.'),
    bool('leave-stdin-open', 'Leave stdin open after the first attach ends.'),
    bool('rm', 'Delete the pod after it exits; only with attached containers.'),
    bool('quiet', 'Suppress prompt messages.', { short: 'q' }),
    bool('privileged', 'Run the container in privileged mode.'),
    bool('expose', 'Make a ClusterIP service for the pod; requires --port.'),
    bool('wait', 'Wait for the deletion of --rm.'),
    duration('pod-running-timeout', 'How long to wait for the pod to run.', { default: '1m0s' }),
  ],
  async run(context) {
    const { kube, flags, args, usage } = context;
    if (args.length === 0) throw usage('NAME is required for run');
    const restart = flags.string('restart');
    if (!['Always', 'OnFailure', 'Never'].includes(restart)) throw new CliError(`invalid restart policy: ${restart}`);
    const interactive = flags.bool('stdin') || flags.bool('tty');
    const attach = flags.changed('attach') ? flags.bool('attach') : interactive;
    const dryRun = dryRunOf(kube, flags);
    if (flags.bool('tty') && !flags.bool('stdin'))
      throw usage('-i/--stdin is required for containers with -t/--tty=true');
    if (flags.bool('expose') && !flags.string('port')) throw usage('--port must be set when exposing a service');
    if (attach && dryRun !== 'none')
      throw usage(
        "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
      );
    if (flags.bool('rm') && !attach) throw usage('--rm should only be used for attached containers');
    const pod = podOf(context);
    const name = pod.metadata.name ?? '';
    if (!attach) {
      await createGenerated(context, pod, true);
      if (flags.bool('expose')) {
        const port = Number(flags.string('port'));
        const service = {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name },
          spec: { ports: [{ port, protocol: 'TCP', targetPort: port }], selector: pod.metadata.labels ?? {} },
          status: { loadBalancer: {} },
        };
        await createGenerated(context, service, true);
      }
      return 0;
    }
    const resource = await kube.discovery.find('pods');
    pod.metadata.namespace = kube.namespace;
    await createObject(kube, resource, kube.namespace, pod, { fieldManager: flags.string('field-manager') });
    let code = 0;
    try {
      code = await attachTo(context, await waitForStart(context, name));
    } finally {
      if (flags.bool('rm')) {
        const path = `/api/v1/namespaces/${kube.namespace}/pods/${name}`;
        const deletion = {
          method: 'DELETE',
          body: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' },
          signal: new AbortController().signal,
        };
        await kube.client.json(path, deletion).catch(() => undefined);
        if (!flags.bool('quiet')) kube.out(`pod ${JSON.stringify(name)} deleted from ${kube.namespace} namespace\n`);
      }
    }
    if (code !== 0) throw new PlainError('', code);
    return 0;
  },
};
