// kubectl expose: a service in front of what exists, its selector and ports read from it.

import type { Container } from '../../api/generated/types.ts';
import type { Command } from '../cli/command.ts';
import { CliError, throwAll } from '../cli/errors.ts';
import { bool, text } from '../cli/flags.ts';
import { at, type KubeObject } from '../object.ts';
import { dryRunFlag, printFlags } from '../print/printer.ts';
import { fetchInfos, fileFlags, filenamesOf, type Info, selectorFlag } from '../resource/builder.ts';
import { fieldManagerFlag } from '../resource/helper.ts';
import { groupResource } from '../rest/discovery.ts';
import { createGenerated } from './create.ts';

type Labels = { [key: string]: string };

function selectorLabels(info: Info): Labels {
  const { object, resource } = info;
  if (resource.kind === 'Pod') {
    const labels = object.metadata.labels ?? {};
    if (Object.keys(labels).length === 0)
      throw new CliError(
        "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed",
      );
    return labels;
  }
  if (resource.kind === 'Service' || resource.kind === 'ReplicationController')
    return (at(object, 'spec', 'selector') ?? {}) as Labels;
  if (['Deployment', 'ReplicaSet'].includes(resource.kind)) {
    const selector = at(object, 'spec', 'selector') as
      | { matchLabels?: Labels; matchExpressions?: unknown[] }
      | undefined;
    if (selector?.matchExpressions?.length) {
      throw new CliError(
        `couldn't retrieve selectors via --selector flag or introspection: couldn't convert expressions - "${JSON.stringify(selector.matchExpressions)}" to map-based selector format`,
      );
    }
    return selector?.matchLabels ?? {};
  }
  throw new CliError(`cannot expose a ${groupResource(resource)}`);
}

function containerPorts(info: Info): { port: number; protocol: string; name: string | undefined }[] {
  const spec = info.resource.kind === 'Pod' ? at(info.object, 'spec') : at(info.object, 'spec', 'template', 'spec');
  if (info.resource.kind === 'Service') {
    const ports = (at(info.object, 'spec', 'ports') ?? []) as { port: number; protocol?: string; name?: string }[];
    return ports.map((each) => ({ port: each.port, protocol: each.protocol ?? 'TCP', name: each.name }));
  }
  const containers = (at(spec, 'containers') ?? []) as unknown as Container[];
  return containers.flatMap((container) =>
    (container.ports ?? []).map((each) => ({
      port: each.containerPort,
      protocol: each.protocol ?? 'TCP',
      name: each.name,
    })),
  );
}

const numberOrName = (value: string) => (/^\d+$/.test(value) ? Number(value) : value);

export const command: Command = {
  use: 'expose (-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type]',
  short: 'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
  examples: [
    'kubectl expose deployment web --port=80 --target-port=8000',
    'kubectl expose pod web --port=444 --name=frontend',
  ],
  arguments: 'workload',
  flags: [
    ...fileFlags('expose'),
    ...printFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-expose'),
    { ...selectorFlag, usage: 'A label selector to use for this service; introspected when empty.' },
    text('port', 'The port that the service should serve on. Copied from the resource being exposed, if unspecified'),
    text('protocol', 'The network protocol for the service to be created.'),
    text('target-port', 'Name or number for the port on the container that the service should direct traffic to.'),
    text('name', 'The name for the newly created object.'),
    text('type', 'Type for this service: ClusterIP, NodePort, LoadBalancer, or ExternalName.'),
    text('external-ip', 'Additional external IP address (not managed by Kubernetes) to accept for the service.'),
    text('load-balancer-ip', 'IP to assign to the LoadBalancer.'),
    text(
      'session-affinity',
      "If non-empty, set the session affinity for the service to this; legal values: 'None', 'ClientIP'",
    ),
    text(
      'cluster-ip',
      "ClusterIP to be assigned to the service. Leave empty to auto-allocate, or set to 'None' to create a headless service.",
    ),
    text('labels', 'Labels to apply to the service created by this call.'),
    bool('save-config', 'Keep the configuration in an annotation, for a later apply.'),
  ],
  async run(context) {
    const { kube, flags, args } = context;
    const { infos, errors } = await fetchInfos(kube, { args, filenames: filenamesOf(flags), requireName: true });
    throwAll(errors);
    for (const info of infos) {
      const given = flags.string('selector');
      const selector = given
        ? Object.fromEntries(given.split(',').map((each) => each.split(/==?/) as [string, string]))
        : selectorLabels(info);
      const target = flags.string('target-port');
      const own = containerPorts(info);
      const listed = flags.string('port') ? flags.string('port').split(',').map(Number) : own.map((each) => each.port);
      const headless = flags.string('cluster-ip') === 'None';
      if (listed.length === 0 && !headless) throw new CliError("couldn't find port via --port flag or introspection");
      const protocol = flags.string('protocol');
      const ports = listed.map((port, i) => ({
        ...(listed.length > 1 ? { name: `port-${i + 1}` } : {}),
        port,
        protocol: protocol || own.find((each) => each.port === port)?.protocol || 'TCP',
        targetPort: target ? numberOrName(target) : port,
      }));
      const labelText = flags.string('labels');
      const labels = labelText
        ? Object.fromEntries(labelText.split(',').map((each) => each.split('=') as [string, string]))
        : info.object.metadata.labels;
      const service: KubeObject = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: flags.string('name') || info.name,
          ...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
        },
        spec: {
          ...(ports.length > 0 ? { ports } : {}),
          selector,
          ...(flags.string('type') ? { type: flags.string('type') } : {}),
          ...(flags.string('cluster-ip') ? { clusterIP: flags.string('cluster-ip') } : {}),
          ...(flags.string('external-ip') ? { externalIPs: [flags.string('external-ip')] } : {}),
          ...(flags.string('load-balancer-ip') ? { loadBalancerIP: flags.string('load-balancer-ip') } : {}),
          ...(flags.string('session-affinity') ? { sessionAffinity: flags.string('session-affinity') } : {}),
        },
        status: { loadBalancer: {} },
      };
      await createGenerated(context, service, true, 'exposed');
    }
    return 0;
  },
};
