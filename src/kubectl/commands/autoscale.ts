// kubectl autoscale: a HorizontalPodAutoscaler for a workload.

import type { Json } from '../../env/env.ts';
import type { Command } from '../cli/command.ts';
import { CliError, throwAll } from '../cli/errors.ts';
import { int, text } from '../cli/flags.ts';
import type { KubeObject } from '../object.ts';
import { fetchInfos, fileFlags, filenamesOf } from '../resource/builder.ts';
import { apiVersionOf } from '../rest/discovery.ts';
import { createGenerated, creationFlags } from './create.ts';

/** "50%" is a share of the request, "500m" an average amount. */
function metric(name: string, value: string): Json {
  const percent = /^(\d+)%?$/.exec(value);
  if (!percent && !/^\d+(\.\d+)?(m|[KMGT]i?)?$/.test(value)) throw new CliError(`invalid ${name} target: ${value}`);
  const bare = percent && !(name === 'memory' && !value.endsWith('%'));
  const target: Json = bare
    ? { averageUtilization: Number(percent![1]), type: 'Utilization' }
    : { averageValue: value, type: 'AverageValue' };
  return { resource: { name, target }, type: 'Resource' };
}

export const command: Command = {
  use: 'autoscale (-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu=CPU] [--memory=MEMORY] [flags]',
  short: 'Auto-scale a deployment, replica set, stateful set, or replication controller',
  examples: ['kubectl autoscale deployment web --min=2 --max=10', 'kubectl autoscale deployment web --max=5 --cpu=80%'],
  arguments: 'workload',
  flags: [
    ...fileFlags('autoscale'),
    ...creationFlags,
    int('min', 'The lower limit for the number of pods that can be set by the autoscaler.', { default: '-1' }),
    int('max', 'The upper limit for the number of pods that can be set by the autoscaler. Required.', {
      default: '-1',
      required: true,
    }),
    text('cpu', 'Target CPU utilization over all the pods: a percentage of the request (70%) or an amount (500m).'),
    text(
      'memory',
      'Target memory utilization over all the pods: a percentage of the request (60%) or an amount (200Mi).',
    ),
    int('cpu-percent', 'Old form of --cpu.', { default: '-1' }),
    text('name', 'The name for the newly created object; the name of the resource when left out.'),
  ],
  async run(context) {
    const { kube, flags, args } = context;
    const max = flags.int('max');
    const min = flags.int('min');
    if (max < 1) throw new CliError(`--max=MAXPODS is required and must be at least 1, max: ${max}`);
    if (max < min)
      throw new CliError(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`);
    const { infos, errors } = await fetchInfos(kube, { args, filenames: filenamesOf(flags), requireName: true });
    throwAll(errors);
    for (const { resource, name } of infos) {
      if (
        !['Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController'].includes(resource.kind) &&
        !resource.subresources.includes('scale')
      ) {
        throw new CliError(`cannot autoscale a ${resource.kind}: it has no scale`);
      }
      const metrics: Json[] = [];
      const cpu = flags.string('cpu') || (flags.int('cpu-percent') > 0 ? `${flags.int('cpu-percent')}%` : '');
      if (cpu) metrics.push(metric('cpu', cpu));
      if (flags.string('memory')) metrics.push(metric('memory', flags.string('memory')));
      const object: KubeObject = {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: flags.string('name') || name },
        spec: {
          maxReplicas: max,
          ...(metrics.length > 0 ? { metrics } : {}),
          ...(min > 0 ? { minReplicas: min } : {}),
          scaleTargetRef: { apiVersion: apiVersionOf(resource), kind: resource.kind, name },
        },
        status: { currentMetrics: null, desiredReplicas: 0 },
      };
      await createGenerated(context, object, true, 'autoscaled');
    }
    return 0;
  },
};
