// kubectl port-forward: a page cannot listen on a port, so the forwarded port is shown in the preview instead.

import type { Container, Pod } from '../../api/generated/types.ts';
import type { Command } from '../cli/command.ts';
import { CliError, throwAll } from '../cli/errors.ts';
import { duration, strings } from '../cli/flags.ts';
import { at } from '../object.ts';
import { fetchInfos } from '../resource/builder.ts';
import { podsOfWorkload } from '../resource/pods.ts';

interface ServicePort {
  name?: string;
  port: number;
  targetPort?: number | string;
}

function containerPort(pod: Pod, name: string): number {
  const ports = pod.spec.containers.flatMap((container: Container) => container.ports ?? []);
  const found = ports.find((port) => port.name === name);
  if (!found) throw new CliError(`Pod '${pod.metadata.name}' does not have a named port '${name}'`);
  return found.containerPort;
}

export const command: Command = {
  use: 'port-forward TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]',
  short: 'Forward one or more local ports to a pod',
  long: 'Forward a port of a pod. In a page there is no local port to listen on: the port opens in the browser preview.',
  examples: ['kubectl port-forward pod/web 8080:80', 'kubectl port-forward service/web 8080:80'],
  arguments: 'pod-or-type',
  flags: [
    strings('address', 'Addresses to listen on; there are none in a page.', { default: 'localhost' }),
    duration('pod-running-timeout', 'How long to wait for a pod to run.', { default: '1m0s' }),
  ],
  async run({ kube, args, usage }) {
    if (args.length < 2) throw usage('TYPE/NAME and list of ports are required for port-forward');
    const { infos, errors } = await fetchInfos(kube, { args: [args[0]!], defaultType: 'pods' });
    throwAll(errors);
    const info = infos[0]!;
    const pod = info.resource.kind === 'Pod' ? (info.object as unknown as Pod) : (await podsOfWorkload(kube, info))[0];
    if (!pod) throw new CliError('timed out waiting for the condition');
    if (pod.status?.phase !== 'Running')
      throw new CliError(
        `unable to forward port because pod is not running. Current status=${pod.status?.phase ?? ''}`,
      );
    for (const spec of args.slice(1)) {
      const remote = spec.includes(':') ? spec.slice(spec.lastIndexOf(':') + 1) : spec;
      const local = spec.includes(':') ? spec.slice(0, spec.lastIndexOf(':')) || remote : remote;
      let port: number | string = /^\d+$/.test(remote) ? Number(remote) : remote;
      if (info.resource.kind === 'Service') {
        const ports = (at(info.object, 'spec', 'ports') ?? []) as unknown as ServicePort[];
        const found = ports.find((each) => each.port === port || each.name === port);
        if (!found) throw new CliError(`Service ${info.name} does not have a service port ${remote}`);
        port = found.targetPort ?? found.port;
      }
      const number = typeof port === 'number' ? port : containerPort(pod, port);
      const where = await kube.io.preview?.({
        namespace: pod.metadata.namespace ?? '',
        pod: pod.metadata.name,
        port: number,
      });
      if (!kube.io.preview) {
        throw new CliError(
          `cannot listen on localhost:${local}: a page has no ports of its own. Port ${number} of pod ${pod.metadata.name} can be opened in the browser preview`,
        );
      }
      kube.out(`Forwarding from ${where ?? 'the browser preview'} -> ${number}\n`);
    }
    return 0;
  },
};
