// kubectl wait: until objects have a condition, a field, or are gone.

import { timeoutSignal } from '../../env/clock.ts';
import type { Command } from '../cli/command.ts';
import { CliError, throwAll } from '../cli/errors.ts';
import { array, bool, duration } from '../cli/flags.ts';
import { asJson, at, type KubeObject } from '../object.ts';
import { findPath, relaxed } from '../print/jsonpath.ts';
import { printFlags, resultPrinter } from '../print/printer.ts';
import {
  allNamespacesFlag,
  fetchInfos,
  fieldSelectorFlag,
  fileFlags,
  filenamesOf,
  selectorFlag,
} from '../resource/builder.ts';
import { watchObject } from '../resource/watching.ts';

interface Goal {
  met(object: KubeObject | undefined): boolean;
  deletion: boolean;
}

function parseGoal(spec: string): Goal {
  if (spec.toLowerCase() === 'delete') return { deletion: true, met: (object) => object === undefined };
  if (spec.toLowerCase() === 'create') return { deletion: false, met: (object) => object !== undefined };
  if (spec.startsWith('condition=')) {
    const [name, value = 'True'] = spec.slice('condition='.length).split('=') as [string, string | undefined];
    return {
      deletion: false,
      met(object) {
        const conditions = (at(object, 'status', 'conditions') ?? []) as {
          type: string;
          status: string;
          observedGeneration?: number;
        }[];
        const found = conditions.find((each) => each.type.toLowerCase() === name.toLowerCase());
        if (!found || found.status.toLowerCase() !== value.toLowerCase()) return false;
        const generation = object?.metadata.generation ?? 0;
        const observed = found.observedGeneration ?? Number(at(object, 'status', 'observedGeneration') ?? generation);
        return observed >= generation;
      },
    };
  }
  if (spec.startsWith('jsonpath=')) {
    const match = /^jsonpath=(?:'|")?(\{.*\}|[^=]+?)(?:'|")?(?:=(.*))?$/s.exec(spec);
    if (!match)
      throw new CliError(
        "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'",
      );
    const path = relaxed(match[1]!.replace(/^['"]|['"]$/g, ''));
    const wanted = match[2]?.replace(/^(['"])(.*)\1$/s, '$2');
    return {
      deletion: false,
      met(object) {
        if (!object) return false;
        const found = findPath(path, asJson(object));
        if (found.length === 0) return false;
        if (found.length > 1) throw new CliError('given jsonpath expression matches more than one value');
        if (wanted === undefined) return true;
        if (typeof found[0] === 'object' && found[0] !== null)
          throw new CliError('jsonpath leads to a nested object or list which is not supported');
        return String(found[0]) === wanted;
      },
    };
  }
  throw new CliError(`unrecognized condition: ${JSON.stringify(spec)}`);
}

export const command: Command = {
  use: "wait ([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
  short: 'Experimental: Wait for a specific condition on one or many resources',
  examples: [
    'kubectl wait --for=condition=Ready pod/web',
    "kubectl wait --for=jsonpath='{.status.phase}'=Running pod/web",
    'kubectl wait --for=delete pod/web --timeout=60s',
  ],
  arguments: 'resource',
  flags: [
    ...fileFlags('wait for'),
    ...printFlags,
    selectorFlag,
    fieldSelectorFlag,
    allNamespacesFlag,
    array(
      'for',
      "The condition to wait on: [create|delete|condition=condition-name[=condition-value]|jsonpath='{JSONPath expression}'=[JSONPath value]].",
    ),
    bool('all', 'Select all objects of the type in the namespace.'),
    duration('timeout', 'How long to wait; zero checks once, negative waits a week.', { default: '30s' }),
  ],
  async run({ kube, flags, args }) {
    const spec = flags.list('for');
    if (spec.length === 0) throw new CliError('required flag(s) "for" not set');
    const goals = spec.map(parseGoal);
    const print = await resultPrinter(kube, flags);
    let limit = flags.duration('timeout');
    if (limit < 0) limit = 168 * 3_600_000;
    const options = {
      args,
      filenames: filenamesOf(flags),
      recursive: flags.bool('recursive'),
      selector: flags.string('selector'),
      fieldSelector: flags.string('field-selector'),
      all: flags.bool('all'),
      allNamespaces: flags.bool('all-namespaces'),
      requireName: true,
      ignoreNotFound: goals.every((goal) => goal.deletion),
    };
    const { infos, errors } = await fetchInfos(kube, options);
    throwAll(errors);
    if (infos.length === 0) {
      if (options.ignoreNotFound) return 0;
      throw new CliError('no matching resources found');
    }
    const deadline = timeoutSignal(kube.io.clock, limit === 0 ? 1 : limit);
    const signal = kube.signal ? AbortSignal.any([kube.signal, deadline.signal]) : deadline.signal;
    const failed: unknown[] = [];
    try {
      for (const info of infos) {
        let last: KubeObject | undefined = info.object;
        let met = goals.every((goal) => goal.met(info.object));
        if (!met && limit > 0) {
          for await (const { object } of watchObject(kube, info, signal)) {
            if (object) last = object;
            const replaced = object && object.metadata.uid !== info.object.metadata.uid;
            met = goals.every((goal) => goal.met(goal.deletion && replaced ? undefined : object));
            if (met) break;
          }
        }
        if (met) print(last, goals[0]!.deletion ? 'deleted' : 'condition met');
        else failed.push(new CliError(`timed out waiting for the condition on ${info.resource.name}/${info.name}`));
      }
    } finally {
      deadline.cancel();
    }
    if (kube.signal?.aborted) return 130;
    throwAll(failed);
    return 0;
  },
};
