// kubectl label and annotate: key=value sets, key- removes.

import { isValidLabelValue } from '../../api/names.ts';
import { twoWayMergePatch } from '../apply/strategic.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, throwAll } from '../cli/errors.ts';
import { bool, text } from '../cli/flags.ts';
import { asJson, clone, type KubeObject } from '../object.ts';
import { dryRunFlag, dryRunOf, outputOf, printFlags, resultPrinter } from '../print/printer.ts';
import {
  allNamespacesFlag,
  fetchInfos,
  fieldSelectorFlag,
  fileFlags,
  filenamesOf,
  selectorFlag,
} from '../resource/builder.ts';
import { fieldManagerFlag, patchObject, patchTypes } from '../resource/helper.ts';

type Which = 'label' | 'annotation';

/** Splits "pods web a=b c-" into what is worked on and what is changed. */
function splitArguments(
  args: string[],
  which: Which,
): { targets: string[]; set: { [key: string]: string }; remove: string[] } {
  const isChange = (arg: string) =>
    /^[^=]+=.*$/s.test(arg) ||
    (/-$/.test(arg) && !arg.includes('/') ? true : /^[^=]+\/[^=]+-$/.test(arg) && arg.endsWith('-'));
  const first = args.findIndex((arg) => arg.includes('=') || arg.endsWith('-'));
  const targets = first < 0 ? args : args.slice(0, first);
  const set: { [key: string]: string } = {};
  const remove: string[] = [];
  for (const arg of first < 0 ? [] : args.slice(first)) {
    if (!isChange(arg)) throw new CliError(`all resources must be specified before ${which} changes: ${arg}`);
    const at = arg.indexOf('=');
    if (at > 0) set[arg.slice(0, at)] = arg.slice(at + 1);
    else remove.push(arg.slice(0, -1));
  }
  const both = remove.filter((key) => key in set);
  if (both.length > 0) throw new CliError(`can not both modify and remove a ${which} in the same command`);
  return { targets, set, remove };
}

function checkLabels(set: { [key: string]: string }): void {
  for (const [key, value] of Object.entries(set)) {
    const wrong = isValidLabelValue(value);
    if (wrong.length > 0)
      throw new CliError(`invalid label value: ${JSON.stringify(`${key}=${value}`)}: ${wrong.join(';')}`);
  }
}

async function run(context: CommandContext, which: Which): Promise<number> {
  const { kube, flags, args } = context;
  const field = which === 'label' ? 'labels' : 'annotations';
  const { targets, set, remove } = splitArguments(args, which);
  const filenames = filenamesOf(flags);
  if (targets.length === 0 && filenames.length === 0)
    throw new CliError('one or more resources must be specified as <resource> <name> or <resource>/<name>');
  const listing = flags.bool('list');
  if (Object.keys(set).length === 0 && remove.length === 0 && !listing)
    throw new CliError(`at least one ${which} update is required`);
  if (which === 'label') checkLabels(set);
  if (flags.bool('all') && flags.string('selector'))
    throw new CliError('cannot set --all and --selector at the same time');
  const dryRun = dryRunOf(kube, flags);
  const print = await resultPrinter(kube, flags, dryRun);
  const { infos, errors } = await fetchInfos(kube, {
    args: targets,
    filenames,
    recursive: flags.bool('recursive'),
    selector: flags.string('selector'),
    fieldSelector: flags.string('field-selector'),
    all: flags.bool('all'),
    allNamespaces: flags.bool('all-namespaces'),
    requireName: true,
  });
  for (const info of infos) {
    try {
      if (listing && Object.keys(set).length === 0 && remove.length === 0) {
        if (infos.length > 1)
          kube.out(
            `Listing ${field} for ${info.resource.kind}.${info.resource.group ? `${info.resource.group}/` : ''}/${info.name}:\n`.replace(
              './/',
              '/',
            ),
          );
        for (const key of Object.keys(info.object.metadata[field] ?? {}).sort())
          kube.out(`${key}=${info.object.metadata[field]![key]}\n`);
        continue;
      }
      const before = info.object;
      const after = clone(before);
      const values: { [key: string]: string } = { ...after.metadata[field] };
      if (!flags.bool('overwrite')) {
        const taken = Object.keys(set).filter((key) => key in values && values[key] !== set[key]);
        if (taken.length > 0) {
          const errorText = taken.map((key) =>
            which === 'label'
              ? `'${key}' already has a value (${values[key]}), and --overwrite is false`
              : `--overwrite is false but found the following declared annotation(s): '${key}' already has a value (${values[key]})`,
          );
          throw new CliError(which === 'label' ? errorText.join('; ') : errorText[0]!);
        }
      }
      for (const key of remove) {
        if (!(key in values)) kube.out(`${which} ${JSON.stringify(key)} not found.\n`);
        delete values[key];
      }
      const had = JSON.stringify(before.metadata[field] ?? {});
      Object.assign(values, set);
      after.metadata[field] = values;
      const version = flags.string('resource-version');
      const patch = twoWayMergePatch(asJson(before) as never, asJson(after) as never);
      const unchanged = JSON.stringify(values) === had;
      const operation = operationOf(which, unchanged, set, remove, before);
      let shown: KubeObject = after;
      if (dryRun !== 'client' && Object.keys(patch).length > 0) {
        if (version) (patch as { metadata: { resourceVersion?: string } }).metadata.resourceVersion = version;
        shown = await patchObject(kube, info, patchTypes.merge, patch, {
          dryRun,
          fieldManager: flags.string('field-manager'),
        });
      }
      if (outputOf(flags).format === '' && listing) {
        for (const key of Object.keys(shown.metadata[field] ?? {}).sort())
          kube.out(`${key}=${shown.metadata[field]![key]}\n`);
      } else print(shown, operation);
    } catch (error) {
      errors.push(error);
    }
  }
  throwAll(errors);
  return 0;
}

function operationOf(which: Which, unchanged: boolean, set: object, remove: string[], before: KubeObject): string {
  if (which === 'annotation') return 'annotated';
  if (unchanged) return 'not labeled';
  const removed = remove.some((key) => key in (before.metadata.labels ?? {}));
  return removed && Object.keys(set).length === 0 ? 'unlabeled' : removed ? 'modified' : 'labeled';
}

const shared = (which: Which) => [
  ...fileFlags('update'),
  ...printFlags,
  dryRunFlag,
  fieldManagerFlag(`kubectl-${which === 'label' ? 'label' : 'annotate'}`),
  selectorFlag,
  fieldSelectorFlag,
  allNamespacesFlag,
  bool('all', 'Select all objects of the type in the namespace.'),
  bool('list', `Display the ${which}s.`),
  bool('overwrite', `Allow ${which}s to be overwritten.`),
  text('resource-version', 'Only when the object has this version.'),
];

export const label: Command = {
  use: 'label [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]',
  short: 'Update the labels on a resource',
  examples: [
    'kubectl label pods web unhealthy=true',
    'kubectl label --overwrite pods web status=ok',
    'kubectl label pods web status-',
  ],
  arguments: 'resource',
  flags: shared('label'),
  run: (context) => run(context, 'label'),
};

export const annotate: Command = {
  use: 'annotate [--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version]',
  short: 'Update the annotations on a resource',
  examples: ["kubectl annotate pods web description='my frontend'", 'kubectl annotate pods web description-'],
  arguments: 'resource',
  flags: shared('annotation'),
  run: (context) => run(context, 'annotation'),
};
