// kubectl logs: of a pod's container, of all of them, of the pods of a workload or a selector.

import type { Container, Pod } from '../../api/generated/types.ts';
import { messageOf } from '../../env/errors.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, isNotFound } from '../cli/errors.ts';
import { bool, duration, int, text } from '../cli/flags.ts';
import type { Kube } from '../kube.ts';
import { fetchInfos, listAll, selectorFlag } from '../resource/builder.ts';
import { defaultContainer, podsOfWorkload } from '../resource/pods.ts';
import { chunksOf } from '../rest/client.ts';

interface Stream {
  pod: Pod;
  container: string;
}

function everyContainer(pod: Pod): Container[] {
  return [
    ...(pod.spec.initContainers ?? []),
    ...pod.spec.containers,
    ...((pod.spec.ephemeralContainers ?? []) as Container[]),
  ];
}

async function streamsOf({ kube, flags, args, usage }: CommandContext): Promise<Stream[]> {
  let pods: Pod[];
  const selector = flags.string('selector');
  if (selector) {
    if (args.length > 0) throw usage('only a selector (-l) or a POD name is allowed');
    pods = (await listAll(kube, await kube.discovery.find('pods'), kube.namespace, { selector }))
      .items as unknown as Pod[];
    if (pods.length === 0) {
      kube.err(`No resources found in ${kube.namespace} namespace.\n`);
      return [];
    }
  } else {
    const { infos, errors } = await fetchInfos(kube, { args: [args[0]!], defaultType: 'pods' });
    if (isNotFound(errors[0])) {
      throw new CliError(
        `error from server (NotFound): ${errors[0].message} in namespace ${JSON.stringify(kube.namespace)}`,
      );
    }
    if (errors.length > 0) throw errors[0];
    const info = infos[0]!;
    if (info.resource.kind === 'Pod') pods = [info.object as unknown as Pod];
    else {
      const all = await podsOfWorkload(kube, info);
      if (all.length === 0) throw new CliError(`timed out waiting for the condition`);
      if (all.length > 1 && !flags.bool('all-pods'))
        kube.err(`Found ${all.length} pods, using pod/${all[0]!.metadata.name}\n`);
      pods = flags.bool('all-pods') ? all : all.slice(0, 1);
    }
  }
  const wanted = flags.string('container') || args[1] || '';
  return pods.flatMap((pod) => {
    if (flags.bool('all-containers'))
      return everyContainer(pod).map((container) => ({ pod, container: container.name }));
    if (wanted) {
      if (!everyContainer(pod).some((container) => container.name === wanted)) {
        throw new CliError(`container ${wanted} is not valid for pod ${pod.metadata.name}`);
      }
      return [{ pod, container: wanted }];
    }
    return [{ pod, container: defaultContainer(kube, pod, selector !== '') }];
  });
}

function queryOf(flags: CommandContext['flags'], selecting: boolean) {
  const tail = flags.changed('tail') ? flags.int('tail') : selecting ? 10 : -1;
  const since = flags.duration('since');
  return {
    follow: flags.bool('follow'),
    previous: flags.bool('previous'),
    timestamps: flags.bool('timestamps'),
    tailLines: tail >= 0 ? tail : undefined,
    sinceSeconds: since > 0 ? Math.ceil(since / 1000) : undefined,
    sinceTime: flags.string('since-time') || undefined,
    limitBytes: flags.int('limit-bytes') || undefined,
  };
}

async function copy(
  kube: Kube,
  { pod, container }: Stream,
  query: ReturnType<typeof queryOf>,
  prefix: string,
): Promise<void> {
  const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}/log`;
  const response = await kube.client.request(path, { query: { container, ...query }, accept: '*/*' });
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunksOf(response, kube.signal)) {
    if (prefix === '') {
      kube.out(chunk);
      continue;
    }
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) kube.out(`${prefix}${line}\n`);
  }
  if (rest !== '') kube.out(`${prefix}${rest}`);
}

export const command: Command = {
  use: 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]',
  short: 'Print the logs for a container in a pod',
  long: 'Print what a container has written to its standard output and error. Of a workload, the logs of one of its pods.',
  examples: [
    'kubectl logs web',
    'kubectl logs -f -c app web',
    'kubectl logs -p web',
    'kubectl logs -l app=web --all-containers',
    'kubectl logs --tail=20 deployment/web',
  ],
  arguments: 'pod-or-type',
  flags: [
    bool('follow', 'Go on with new lines as they are written.', { short: 'f' }),
    bool('previous', 'The logs of the container that ran before this one.', { short: 'p' }),
    text('container', 'The container, when the pod has several.', { short: 'c' }),
    bool('all-containers', 'The logs of all containers in the pods.'),
    bool('all-pods', 'The logs of all pods of a workload; puts the pod before each line.'),
    bool('prefix', 'Put the pod and container before each line.'),
    bool('timestamps', 'Put the time before each line.'),
    bool('ignore-errors', 'Go on with the other logs when one fails.'),
    bool('insecure-skip-tls-verify-backend', 'Do not check the certificate of the kubelet.'),
    int('tail', 'How many of the last lines; -1 is all, 10 with a selector.', { default: '-1' }),
    int('limit-bytes', 'At most this many bytes.'),
    int('max-log-requests', 'How many logs to follow at once with a selector.', { default: '5' }),
    duration('since', 'Only lines newer than this (5s, 2m, 3h).'),
    text('since-time', 'Only lines after this time (RFC 3339).'),
    duration('pod-running-timeout', 'How long to wait for a pod to run.', { default: '20s' }),
    selectorFlag,
  ],
  async run(context) {
    const { kube, flags, args, usage } = context;
    const selecting = flags.string('selector') !== '';
    if ((args.length === 0 && !selecting) || args.length > 2) {
      throw usage(
        "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command",
      );
    }
    if (args.length === 2 && flags.string('container'))
      throw usage('only one of -c or an inline [CONTAINER] arg is allowed');
    if (flags.bool('all-containers') && (flags.string('container') || args.length === 2)) {
      throw new CliError(
        '--all-containers=true should not be specified with container name'.replace(
          'name',
          `name ${flags.string('container') || args[1]}`,
        ),
      );
    }
    if (flags.changed('since') && flags.changed('since-time'))
      throw new CliError('at most one of `sinceTime` or `sinceSeconds` may be specified');
    if (flags.int('tail') < -1) throw new CliError('--tail must be greater than or equal to -1');
    const streams = await streamsOf(context);
    if (flags.bool('follow') && streams.length > flags.int('max-log-requests')) {
      throw new CliError(
        `you are attempting to follow ${streams.length} log streams, but maximum allowed concurrency is ${flags.int('max-log-requests')}, use --max-log-requests to increase the limit`,
      );
    }
    const prefixed = flags.bool('prefix') || (flags.bool('all-pods') && !flags.changed('prefix'));
    const query = queryOf(flags, selecting);
    const work = async (stream: Stream) => {
      try {
        await copy(kube, stream, query, prefixed ? `[pod/${stream.pod.metadata.name}/${stream.container}] ` : '');
      } catch (error) {
        if (!flags.bool('ignore-errors')) throw error;
        kube.err(`error: ${messageOf(error)}\n`);
      }
    };
    if (flags.bool('follow')) await Promise.all(streams.map(work));
    else for (const stream of streams) await work(stream);
    return kube.signal?.aborted ? 130 : 0;
  },
};
