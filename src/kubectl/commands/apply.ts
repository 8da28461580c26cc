// kubectl apply: makes the cluster hold what the files say; client-side by default, server-side on request.

import { parseSelector, selectorMatches } from '../../api/labels.ts';
import { type ApplyTarget, applyClientSide, modifiedConfiguration } from '../apply/client-side.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, StatusError, throwAll } from '../cli/errors.ts';
import { array, bool, duration, int, strings, text } from '../cli/flags.ts';
import { asJson, type KubeObject } from '../object.ts';
import { toJson } from '../print/json.ts';
import {
  type DryRun,
  dryRunFlag,
  dryRunOf,
  machineFormat,
  outputOf,
  printFlags,
  resultPrinter,
  withoutManagedFields,
} from '../print/printer.ts';
import { toYaml } from '../print/yaml.ts';
import { fetchInfos, fileFlags, filenamesOf, selectorFlag, targetsOfFiles } from '../resource/builder.ts';
import {
  fieldManagerFlag,
  fieldValidation,
  lastApplied,
  patchObject,
  patchTypes,
  validateFlag,
} from '../resource/helper.ts';
import { pathOf } from '../rest/discovery.ts';

async function applyServerSide(
  { kube, flags }: CommandContext,
  target: ApplyTarget,
  dryRun: DryRun,
): Promise<KubeObject> {
  const { resource, namespace, object } = target;
  const name = object.metadata.name ?? '';
  const manager = flags.changed('field-manager') ? flags.string('field-manager') : 'kubectl';
  try {
    return await patchObject(kube, { resource, namespace, name }, patchTypes.apply, object, {
      dryRun,
      fieldManager: manager,
      validation: fieldValidation(flags),
      force: flags.bool('force-conflicts'),
    });
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Conflict') {
      throw new CliError(
        `${error.message}\nPlease review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n* If you intend to manage all of these fields, please re-run the apply\n  command with the \`--force-conflicts\` flag.\n* If you do not intend to manage all of the fields, please edit your\n  manifest to remove references to the fields that should keep their\n  current managers.\n* You may co-own fields by updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other manager(s)\n  stop managing the field (remove it from their configuration).\nSee https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`,
      );
    }
    throw error;
  }
}

async function run(context: CommandContext): Promise<number> {
  const { kube, flags, args } = context;
  const filenames = filenamesOf(flags);
  if (args.length > 0) throw context.usage(`Unexpected args: [${args.join(' ')}]`);
  if (filenames.length === 0) throw new CliError('must specify one of -f and -k');
  const dryRun = dryRunOf(kube, flags);
  const serverSide = flags.bool('server-side');
  if (flags.bool('force-conflicts') && !serverSide)
    throw new CliError('--force-conflicts only works with --server-side');
  if (dryRun === 'client' && serverSide)
    throw new CliError("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
  const validation = fieldValidation(flags);
  const { targets, errors } = await targetsOfFiles(kube, filenames, flags.bool('recursive'));
  const selector = flags.string('selector') ? parseSelector(flags.string('selector')) : undefined;
  const chosen = targets.filter((target) => !selector || selectorMatches(selector, target.object.metadata.labels));
  if (chosen.length === 0 && errors.length === 0) throw new CliError('no objects passed to apply');

  const { format } = outputOf(flags);
  const collected: KubeObject[] = [];
  const print = format === '' || format === 'name' ? await resultPrinter(kube, flags, dryRun) : undefined;
  for (const target of chosen) {
    try {
      if (!target.object.metadata.name) {
        const generated = target.object.metadata.generateName;
        throw new CliError(
          generated ? `from ${generated}: cannot use generate name with apply` : 'resource name may not be empty',
        );
      }
      if (serverSide) {
        const object = await applyServerSide(context, target, dryRun);
        if (print) print(object, 'serverside-applied');
        else collected.push(object);
      } else {
        const result = await applyClientSide(kube, target, {
          dryRun,
          validation,
          fieldManager: flags.changed('field-manager') ? flags.string('field-manager') : 'kubectl-client-side-apply',
        });
        if (print) print(result.object, result.operation);
        else collected.push(result.object);
      }
    } catch (error) {
      errors.push(error);
    }
  }
  if (!print && collected.length > 0) {
    const render = (await machineFormat(kube, flags))!;
    const clean = collected.map((object) => asJson(withoutManagedFields(object, flags)));
    kube.out(render(clean.length === 1 ? clean[0]! : { apiVersion: 'v1', kind: 'List', items: clean, metadata: {} }));
  }
  throwAll(errors);
  return 0;
}

const rememberedFlags = [
  ...fileFlags('read'),
  text('output', 'Output format. Must be one of (yaml, json).', { short: 'o', default: 'yaml' }),
  selectorFlag,
  bool('all', 'All objects of the type in the namespace.'),
];

const viewLastApplied: Command = {
  use: 'view-last-applied (TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)',
  short: 'View the latest last-applied-configuration annotations of a resource/object',
  arguments: 'resource',
  flags: rememberedFlags,
  async run({ kube, flags, args, usage }) {
    const output = flags.string('output');
    if (output !== 'yaml' && output !== 'json')
      throw usage(`Unexpected -o output mode: ${output}, the flag 'output' must be one of yaml|json`);
    const { infos, errors } = await fetchInfos(kube, {
      args,
      filenames: filenamesOf(flags),
      selector: flags.string('selector'),
      all: flags.bool('all'),
      requireName: true,
    });
    for (const { object, resource, namespace, name } of infos) {
      const live = object.metadata.annotations
        ? object
        : await kube.client.json<KubeObject>(pathOf(resource, namespace, name));
      const remembered = live.metadata.annotations?.[lastApplied];
      if (!remembered) throw new CliError(`no last-applied-configuration annotation found on resource: ${name}`);
      const value = asJson(JSON.parse(remembered));
      kube.out(output === 'yaml' ? toYaml(value) : toJson(value));
    }
    throwAll(errors);
    return 0;
  },
};

const setLastApplied: Command = {
  use: 'set-last-applied -f FILENAME',
  short: 'Set the last-applied-configuration annotation on a live object to match the contents of a file',
  arguments: 'file',
  flags: [
    ...fileFlags('read'),
    ...printFlags,
    dryRunFlag,
    bool('create-annotation', 'Make the annotation when it is not there.'),
  ],
  async run({ kube, flags }) {
    const dryRun = dryRunOf(kube, flags);
    const print = await resultPrinter(kube, flags, dryRun);
    const { targets, errors } = await targetsOfFiles(kube, filenamesOf(flags));
    throwAll(errors);
    for (const { resource, namespace, object } of targets) {
      const name = object.metadata.name ?? '';
      const live = await kube.client.json<KubeObject>(pathOf(resource, namespace, name));
      if (!live.metadata.annotations?.[lastApplied] && !flags.bool('create-annotation')) {
        throw new CliError(
          `no last-applied-configuration annotation found on resource: ${name}, to create the annotation, run the command with --create-annotation`,
        );
      }
      const patch = { metadata: { annotations: { [lastApplied]: modifiedConfiguration(object).text } } };
      const done =
        dryRun === 'client'
          ? live
          : await patchObject(kube, { resource, namespace, name }, patchTypes.merge, patch, { dryRun });
      print(done, 'configured');
    }
    return 0;
  },
};

export const command: Command = {
  use: 'apply (-f FILENAME | -k DIRECTORY)',
  short: 'Apply a configuration to a resource by file name or stdin',
  long: 'Apply a configuration to objects by file, folder or stdin. An object that is not there is created. YAML and JSON are accepted.',
  examples: [
    'kubectl apply -f ./web.yaml',
    'kubectl apply -f .',
    'cat web.json | kubectl apply -f -',
    'kubectl apply --server-side -f web.yaml',
  ],
  arguments: 'file',
  commands: [setLastApplied, viewLastApplied],
  flags: [
    ...fileFlags('apply'),
    ...printFlags,
    dryRunFlag,
    selectorFlag,
    validateFlag,
    fieldManagerFlag('kubectl-client-side-apply'),
    bool('server-side', 'If true, apply runs in the server instead of the client.'),
    bool('force-conflicts', 'Take the fields over that others manage.'),
    bool('force', 'Delete and create again what cannot be patched.'),
    bool('overwrite', 'Resolve conflicts between the modified and live configuration with the modified one.', {
      default: 'true',
    }),
    bool('openapi-patch', 'Work patches out from the schemas of the server.', { default: 'true' }),
    bool('wait', 'Wait for deleted objects to be gone.'),
    bool('prune', 'Delete objects that are no longer in the files; not part of this kubectl.'),
    bool('all', 'Select all objects for --prune.'),
    array('prune-allowlist', 'Kinds that --prune may delete.'),
    strings('prune-whitelist', 'Old name of --prune-allowlist.'),
    text('cascade', 'How dependents are deleted: background, orphan, or foreground.', {
      default: 'background',
      bare: 'background',
    }),
    int('grace-period', 'Seconds an object gets to end gracefully.', { default: '-1' }),
    duration('timeout', 'How long to wait for a deletion.'),
  ],
  run,
};
