// kubectl scale: through the scale subresource, whatever the kind.

import { messageOf } from '../../env/errors.ts';
import type { Command } from '../cli/command.ts';
import { CliError, throwAll } from '../cli/errors.ts';
import { bool, duration, int, text } from '../cli/flags.ts';
import { at, type KubeObject, put } from '../object.ts';
import { dryRunFlag, dryRunOf, printFlags, resultPrinter } from '../print/printer.ts';
import { fetchInfos, fileFlags, filenamesOf, selectorFlag } from '../resource/builder.ts';
import { patchObject, patchTypes } from '../resource/helper.ts';
import { groupResource, pathOf } from '../rest/discovery.ts';

export const command: Command = {
  use: 'scale [--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)',
  short: 'Set a new size for a deployment, replica set, or replication controller',
  examples: [
    'kubectl scale --replicas=3 deployment/web',
    'kubectl scale --current-replicas=2 --replicas=3 deployment/web',
  ],
  arguments: 'workload',
  flags: [
    ...fileFlags('scale'),
    ...printFlags,
    dryRunFlag,
    selectorFlag,
    bool('all', 'Select all objects of the type in the namespace.'),
    int('replicas', 'The new desired number of replicas. Required.', { required: true }),
    int('current-replicas', 'Only when this is the size now.', { default: '-1' }),
    text('resource-version', 'Only when the object has this version.'),
    duration('timeout', 'How long to try; zero is not at all.'),
  ],
  async run({ kube, flags, args }) {
    const replicas = flags.int('replicas');
    if (replicas < 0)
      throw new CliError('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
    const dryRun = dryRunOf(kube, flags);
    const print = await resultPrinter(kube, flags, dryRun);
    const { infos, errors } = await fetchInfos(kube, {
      args,
      filenames: filenamesOf(flags),
      recursive: flags.bool('recursive'),
      selector: flags.string('selector'),
      all: flags.bool('all'),
      requireName: true,
    });
    if (infos.length === 0) {
      throw new CliError(`no objects passed to scale ${errors.map(messageOf).join(', ')}`.trimEnd());
    }
    for (const info of infos) {
      try {
        const { resource, namespace, name } = info;
        let shown: KubeObject = info.object;
        if (dryRun !== 'client') {
          const current = flags.int('current-replicas');
          const scalePath = pathOf(resource, namespace, name, 'scale');
          if (current >= 0 || flags.string('resource-version')) {
            const scale = await kube.client.json<KubeObject>(scalePath);
            const now = Number(at(scale, 'spec', 'replicas') ?? 0);
            if (current >= 0 && now !== current) throw new CliError(`Expected replicas to be ${current}, was ${now}`);
            const version = flags.string('resource-version');
            if (version && scale.metadata.resourceVersion !== version) {
              throw new CliError(`Expected resource version to be ${version}, was ${scale.metadata.resourceVersion}`);
            }
          }
          if (!resource.subresources.includes('scale')) {
            throw new CliError(
              `the server could not find the requested resource: ${groupResource(resource)} has no scale subresource`,
            );
          }
          await patchObject(
            kube,
            info,
            patchTypes.merge,
            { spec: { replicas } },
            { subresource: 'scale', dryRun, fieldManager: 'kubectl-scale' },
          );
          shown = structuredClone(info.object);
          put(shown, ['spec', 'replicas'], replicas);
        }
        print(shown, 'scaled');
      } catch (error) {
        errors.push(error);
      }
    }
    throwAll(errors);
    return 0;
  },
};
