// Generators of `kubectl create` for what runs: deployments, jobs, cron jobs.

import type { Json } from '../../env/env.ts';
import { CliError } from '../cli/errors.ts';
import { array, int, text } from '../cli/flags.ts';
import type { KubeObject } from '../object.ts';
import { pathOf } from '../rest/discovery.ts';
import type { Generator } from './create.ts';

/** A container's name out of its image: "registry/team/nginx:1.27" is nginx. */
export function containerName(image: string): string {
  const base = image.slice(image.lastIndexOf('/') + 1).replace(/[:@].*$/, '');
  return base.replace(/[^A-Za-z0-9-]/g, '-');
}

const deployment: Generator = {
  use: 'deployment NAME --image=image -- [COMMAND] [args...]',
  aliases: ['deploy'],
  short: 'Create a deployment with the specified name',
  examples: [
    'kubectl create deployment web --image=nginx',
    'kubectl create deployment web --image=busybox -- date',
    'kubectl create deployment web --image=nginx --replicas=3 --port=80',
  ],
  namespaced: true,
  flags: [
    array('image', 'Image names to run. Give it several times for several containers.', { required: true }),
    int('port', 'The containerPort that this deployment exposes.', { default: '-1' }),
    int('replicas', 'Number of replicas to create.', { default: '1', short: 'r' }),
  ],
  make({ flags, args, usage }, name) {
    const images = flags.list('image').flatMap((each) => each.split(','));
    const command = args.slice(1);
    if (command.length > 0 && images.length > 1) throw usage('cannot specify multiple --image options and command');
    if (flags.int('replicas') < 0) throw new CliError(`replicas cannot be negative, got ${flags.int('replicas')}`);
    const used = new Set<string>();
    const containers = images.map((image) => {
      let unique = containerName(image);
      while (used.has(unique)) unique = `${containerName(image)}-${used.size}`;
      used.add(unique);
      const port = flags.int('port');
      return {
        name: unique,
        image,
        resources: {},
        ...(command.length > 0 ? { command } : {}),
        ...(port >= 0 ? { ports: [{ containerPort: port }] } : {}),
      };
    });
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels: { app: name } },
      spec: {
        replicas: flags.int('replicas'),
        selector: { matchLabels: { app: name } },
        strategy: {},
        template: { metadata: { labels: { app: name } }, spec: { containers } },
      },
      status: {},
    };
  },
};

const job: Generator = {
  use: 'job NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...]',
  short: 'Create a job with the specified name',
  examples: ['kubectl create job hello --image=busybox -- date', 'kubectl create job test --from=cronjob/a-cronjob'],
  namespaced: true,
  flags: [
    text('image', 'Image name to run.'),
    text('from', 'The name of the resource to create a Job from (only cronjob is supported).'),
  ],
  async make({ kube, flags, args }, name): Promise<KubeObject> {
    const image = flags.string('image');
    const from = flags.string('from');
    const command = args.slice(1);
    if ((image === '') === (from === '')) throw new CliError('either --image or --from must be specified');
    if (from !== '' && command.length > 0) throw new CliError('cannot specify --from and command');
    if (from === '') {
      return {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name },
        spec: {
          template: {
            metadata: {},
            spec: {
              containers: [{ name, image, resources: {}, ...(command.length > 0 ? { command } : {}) }],
              restartPolicy: 'Never',
            },
          },
        },
        status: {},
      };
    }
    const [type, source] = from.split('/') as [string, string | undefined];
    const resource = await kube.discovery.find(type);
    if (resource.kind !== 'CronJob' || !source) throw new CliError(`from must be an existing cronjob`);
    const cron = await kube.client.json<KubeObject>(pathOf(resource, kube.namespace, source));
    const template = cron.spec?.['jobTemplate'] as {
      metadata?: { labels?: { [key: string]: string }; annotations?: { [key: string]: string } };
      spec: { [key: string]: Json };
    };
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name,
        annotations: { ...template.metadata?.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
        ...(template.metadata?.labels ? { labels: template.metadata.labels } : {}),
        ownerReferences: [
          { apiVersion: 'batch/v1', kind: 'CronJob', name: source, uid: cron.metadata.uid ?? '', controller: true },
        ],
      },
      spec: template.spec,
      status: {},
    };
  },
};

const cronJob: Generator = {
  use: "cronjob NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...]",
  aliases: ['cj'],
  short: 'Create a cron job with the specified name',
  examples: ['kubectl create cronjob hello --image=busybox --schedule="*/1 * * * *" -- date'],
  namespaced: true,
  flags: [
    text('image', 'Image name to run.', { required: true }),
    text('schedule', 'A schedule in the Cron format the job should be run with.', { required: true }),
    text('restart', "job's restart policy. supported values: OnFailure, Never"),
  ],
  make({ flags, args }, name) {
    const command = args.slice(1);
    return {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name },
      spec: {
        schedule: flags.string('schedule'),
        jobTemplate: {
          metadata: { name },
          spec: {
            template: {
              metadata: {},
              spec: {
                containers: [
                  { name, image: flags.string('image'), resources: {}, ...(command.length > 0 ? { command } : {}) },
                ],
                restartPolicy: flags.string('restart') || 'OnFailure',
              },
            },
          },
        },
      },
      status: {},
    };
  },
};

export const workloadGenerators: Generator[] = [deployment, job, cronJob];
