// kubectl describe: everything about objects, with their events, for people.

import type { Command } from '../cli/command.ts';
import { CliError, isNotFound, throwAll } from '../cli/errors.ts';
import { bool, int } from '../cli/flags.ts';
import { describeObject } from '../describe/index.ts';
import { DescribeWriter } from '../describe/writer.ts';
import type { Info } from '../resource/builder.ts';
import {
  allNamespacesFlag,
  fetchInfos,
  fileFlags,
  filenamesOf,
  listAll,
  resolveTargets,
  selectorFlag,
} from '../resource/builder.ts';

export const command: Command = {
  use: 'describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)',
  short: 'Show details of a specific resource or group of resources',
  long: 'Show all that is known about objects: their fields, what belongs to them, and their events. A name may be the beginning of several.',
  examples: [
    'kubectl describe nodes node-1',
    'kubectl describe pods/web',
    'kubectl describe -f pod.yaml',
    'kubectl describe pods -l app=web',
  ],
  arguments: 'resource',
  flags: [
    ...fileFlags('describe'),
    selectorFlag,
    allNamespacesFlag,
    bool('show-events', 'Show the events of each object.', { default: 'true' }),
    int('chunk-size', 'Ask for long lists in pages of this size.', { default: '500' }),
  ],
  async run({ kube, flags, args }) {
    const filenames = filenamesOf(flags);
    if (args.length === 0 && filenames.length === 0) {
      throw new CliError(
        'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.',
      );
    }
    const options = {
      args,
      filenames,
      recursive: flags.bool('recursive'),
      selector: flags.string('selector'),
      allNamespaces: flags.bool('all-namespaces'),
    };
    let { infos, errors } = await fetchInfos(kube, options);
    if (errors.some(isNotFound) && args.length === 2 && !args[0]!.includes('/')) {
      const matching = await byPrefix();
      if (matching.length > 0) {
        infos = matching;
        errors = [];
      }
    }
    if (infos.length === 0 && errors.length === 0) {
      kube.err(
        flags.bool('all-namespaces') ? 'No resources found\n' : `No resources found in ${kube.namespace} namespace.\n`,
      );
      return 0;
    }
    let first = true;
    for (const info of infos) {
      const w = new DescribeWriter();
      try {
        await describeObject(
          { kube, w, now: kube.io.clock.now(), showEvents: flags.bool('show-events') },
          info.resource,
          info.object,
        );
      } catch (error) {
        errors.push(error);
        continue;
      }
      kube.out(`${first ? '' : '\n\n'}${w.text()}`);
      first = false;
    }
    throwAll(errors);
    return 0;

    async function byPrefix(): Promise<Info[]> {
      const { targets } = await resolveTargets(kube, { args: [args[0]!] });
      const found: Info[] = [];
      for (const { resource, namespace } of targets) {
        for (const object of (await listAll(kube, resource, namespace)).items) {
          if (object.metadata.name?.startsWith(args[1]!))
            found.push({ resource, namespace, name: object.metadata.name, object });
        }
      }
      return found;
    }
  },
};
