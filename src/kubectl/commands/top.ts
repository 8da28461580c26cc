// kubectl top: what nodes and pods use, as the metrics API tells it.

import type { Node } from '../../api/generated/types.ts';
import { addQuantity, quantityMilliValue, quantityValue } from '../../api/quantity.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError } from '../cli/errors.ts';
import { bool, text } from '../cli/flags.ts';
import { alignTabs, tableTabs } from '../print/tabwriter.ts';
import { allNamespacesFlag, fieldSelectorFlag, selectorFlag } from '../resource/builder.ts';

interface Usage {
  cpu: string;
  memory: string;
}
interface PodMetrics {
  metadata: { name: string; namespace: string };
  containers: { name: string; usage: Usage }[];
}
interface NodeMetrics {
  metadata: { name: string };
  usage: Usage;
}

async function metrics<T>({ kube, flags }: CommandContext, path: string): Promise<T> {
  const available = (await kube.discovery.groupVersions()).some((each) => each.startsWith('metrics.k8s.io/'));
  if (!available) throw new CliError('Metrics API not available');
  const query = {
    labelSelector: flags.string('selector'),
    fieldSelector: flags.has('field-selector') ? flags.string('field-selector') : '',
  };
  return await kube.client.json<T>(`/apis/metrics.k8s.io/v1beta1${path}`, { query });
}

const milli = (cpu: string) => quantityMilliValue(cpu);
const mebi = (memory: string) => Math.trunc(quantityValue(memory) / 1048576);
const order = (flags: CommandContext['flags']) => flags.string('sort-by');

const node: Command = {
  use: 'node [NAME | -l label]',
  aliases: ['nodes', 'no'],
  short: 'Display resource (CPU/memory) usage of nodes',
  arguments: 'name:nodes',
  flags: [
    selectorFlag,
    bool('no-headers', "Don't print headers."),
    bool('show-capacity', 'Print node resources based on Capacity instead of Allocatable.'),
    text('sort-by', 'Sort by cpu or memory.'),
  ],
  async run(context) {
    const { kube, flags, args } = context;
    const found = args[0]
      ? [await metrics<NodeMetrics>(context, `/nodes/${args[0]}`)]
      : (await metrics<{ items: NodeMetrics[] }>(context, '/nodes')).items;
    if (found.length === 0) throw new CliError('metrics not available yet');
    const nodes = (await kube.client.json<{ items: Node[] }>('/api/v1/nodes')).items;
    const key = order(flags);
    found.sort((a, b) =>
      key === 'cpu'
        ? milli(b.usage.cpu) - milli(a.usage.cpu)
        : key === 'memory'
          ? mebi(b.usage.memory) - mebi(a.usage.memory)
          : a.metadata.name < b.metadata.name
            ? -1
            : 1,
    );
    const lines = flags.bool('no-headers') ? [] : ['NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)'];
    for (const { metadata, usage } of found) {
      const status = nodes.find((each) => each.metadata.name === metadata.name)?.status;
      const whole = (flags.bool('show-capacity') ? status?.capacity : status?.allocatable) as
        | { cpu?: string; memory?: string }
        | undefined;
      const share = (part: number, all: number) => (all > 0 ? `${Math.trunc((part / all) * 100)}%` : '<unknown>');
      const cpu = share(milli(usage.cpu), milli(whole?.cpu ?? '0'));
      const memory = share(quantityValue(usage.memory), quantityValue(whole?.memory ?? '0'));
      lines.push(`${metadata.name}\t${milli(usage.cpu)}m\t${cpu}\t${mebi(usage.memory)}Mi\t${memory}`);
    }
    kube.out(alignTabs(`${lines.map((line) => `${line}\t`).join('\n')}\n`, tableTabs));
    return 0;
  },
};

const pod: Command = {
  use: 'pod [NAME | -l label]',
  aliases: ['pods', 'po'],
  short: 'Display resource (CPU/memory) usage of pods',
  arguments: 'name:pods',
  flags: [
    selectorFlag,
    fieldSelectorFlag,
    allNamespacesFlag,
    bool('containers', 'Print usage of containers within a pod.'),
    bool('no-headers', "Don't print headers."),
    bool('sum', 'Print the sum of the resource usage.'),
    text('sort-by', 'Sort by cpu or memory.'),
  ],
  async run(context) {
    const { kube, flags, args } = context;
    const everywhere = flags.bool('all-namespaces');
    const base = everywhere ? '/pods' : `/namespaces/${kube.namespace}/pods`;
    const found = args[0]
      ? [await metrics<PodMetrics>(context, `${base}/${args[0]}`)]
      : (await metrics<{ items: PodMetrics[] }>(context, base)).items;
    if (found.length === 0) {
      kube.err(everywhere ? 'No resources found\n' : `No resources found in ${kube.namespace} namespace.\n`);
      return 0;
    }
    const total = (each: PodMetrics, name: 'cpu' | 'memory') =>
      each.containers.reduce((sum, container) => addQuantity(sum, container.usage[name]), addQuantity('0', '0'));
    const key = order(flags);
    found.sort((a, b) =>
      key === 'cpu' || key === 'memory'
        ? quantityMilliValue(total(b, key)) - quantityMilliValue(total(a, key))
        : `${a.metadata.namespace}/${a.metadata.name}` < `${b.metadata.namespace}/${b.metadata.name}`
          ? -1
          : 1,
    );
    const byContainer = flags.bool('containers');
    const head = [
      ...(everywhere ? ['NAMESPACE'] : []),
      ...(byContainer ? ['POD', 'NAME'] : ['NAME']),
      'CPU(cores)',
      'MEMORY(bytes)',
    ];
    const rows = found.flatMap((each) => {
      const lead = [...(everywhere ? [each.metadata.namespace] : []), each.metadata.name];
      if (byContainer)
        return each.containers.map((container) => [
          ...lead,
          container.name,
          `${milli(container.usage.cpu)}m`,
          `${mebi(container.usage.memory)}Mi`,
        ]);
      return [
        [
          ...lead,
          `${quantityMilliValue(total(each, 'cpu'))}m`,
          `${Math.trunc(quantityValue(total(each, 'memory')) / 1048576)}Mi`,
        ],
      ];
    });
    const lines = [...(flags.bool('no-headers') ? [] : [head]), ...rows].map((cells) => `${cells.join('\t')}\t`);
    kube.out(alignTabs(`${lines.join('\n')}\n`, tableTabs));
    return 0;
  },
};

export const command: Command = { use: 'top', short: 'Display resource (CPU/memory) usage', commands: [node, pod] };
