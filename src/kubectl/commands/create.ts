// kubectl create: from files as they are, or with a generator per kind (create-*.ts).

import { modifiedConfiguration } from '../apply/client-side.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, sourced, throwAll } from '../cli/errors.ts';
import { bool, type FlagSpec } from '../cli/flags.ts';
import type { KubeObject } from '../object.ts';
import { dryRunFlag, dryRunOf, printFlags, resultPrinter } from '../print/printer.ts';
import { fileFlags, filenamesOf, mappingFor, selectorFlag, targetsOfFiles } from '../resource/builder.ts';
import { createObject, fieldManagerFlag, fieldValidation, validateFlag } from '../resource/helper.ts';
import { configGenerators } from './create-config.ts';
import { networkGenerators } from './create-network.ts';
import { policyGenerators, token } from './create-policy.ts';
import { workloadGenerators } from './create-workload.ts';

/** How one kind is made from arguments. */
export interface Generator {
  use: string;
  aliases?: string[];
  short: string;
  examples: string[];
  flags: FlagSpec[];
  /** Sub-generators (secret generic, service clusterip). */
  generators?: Generator[];
  namespaced: boolean;
  make?(context: CommandContext, name: string): KubeObject | Promise<KubeObject>;
}

export const creationFlags: FlagSpec[] = [
  ...printFlags,
  dryRunFlag,
  validateFlag,
  fieldManagerFlag('kubectl-create'),
  bool('save-config', 'Keep the configuration in an annotation, for a later apply.'),
];

/** Sends (or only prints) a generated object. */
export async function createGenerated(
  context: CommandContext,
  object: KubeObject,
  namespaced: boolean,
  operation = 'created',
): Promise<void> {
  const { kube, flags } = context;
  const dryRun = dryRunOf(kube, flags);
  const print = await resultPrinter(kube, flags, dryRun, true);
  const made = flags.has('save-config') && flags.bool('save-config') ? modifiedConfiguration(object).object : object;
  if (dryRun === 'client') {
    if (namespaced && kube.namespaceGiven) made.metadata.namespace = kube.namespace;
    print(made, operation);
    return;
  }
  if (namespaced) made.metadata.namespace = kube.namespace;
  const resource = await mappingFor(kube, made, undefined);
  const manager = flags.has('field-manager') ? flags.string('field-manager') : 'kubectl-create';
  const created = await createObject(kube, resource, namespaced ? kube.namespace : '', made, {
    dryRun,
    fieldManager: manager,
    validation: fieldValidation(flags),
  }).catch((error: unknown) => {
    throw prefixed(error, resource.kind.toLowerCase());
  });
  print(created, operation);
}

/** Upstream's generators say "failed to create <kind>: ..." before what the server says. */
function prefixed(error: unknown, kind: string): unknown {
  const quiet = new Set([
    'deployment',
    'namespace',
    'clusterrole',
    'role',
    'clusterrolebinding',
    'rolebinding',
    'service',
    'cronjob',
    'ingress',
    'poddisruptionbudget',
    'priorityclass',
    'resourcequota',
    'pod',
    'horizontalpodautoscaler',
  ]);
  if (quiet.has(kind) || !(error instanceof Error)) return error;
  return new CliError(`failed to create ${kind}: ${error.message}`);
}

function toCommand(generator: Generator): Command {
  const sub = generator.generators?.map(toCommand);
  return {
    use: generator.use,
    short: generator.short,
    examples: generator.examples,
    ...(generator.aliases ? { aliases: generator.aliases } : {}),
    ...(sub ? { commands: sub } : {}),
    flags: generator.make ? [...creationFlags, ...generator.flags] : [],
    arguments: 'none',
    ...(generator.make
      ? {
          async run(context: CommandContext) {
            const { args, usage } = context;
            const needed = generator.use.split(' ')[0]!;
            if (args.length === 0) throw usage(`exactly one NAME is required, got 0`);
            if (args.length > 1 && !/COMMAND/.test(generator.use))
              throw usage(`exactly one NAME is required, got ${args.length}`);
            const object = await generator.make!(context, args[0] ?? needed);
            await createGenerated(context, object, generator.namespaced);
            return 0;
          },
        }
      : {}),
  };
}

async function run(context: CommandContext): Promise<number> {
  const { kube, flags, args } = context;
  if (args.length > 0) throw context.usage(`Unexpected args: [${args.join(' ')}]`);
  const filenames = filenamesOf(flags);
  if (filenames.length === 0) throw new CliError('must specify one of -f and -k');
  const dryRun = dryRunOf(kube, flags);
  const print = await resultPrinter(kube, flags, dryRun);
  const { targets, errors } = await targetsOfFiles(kube, filenames, flags.bool('recursive'));
  if (targets.length === 0 && errors.length === 0) throw new CliError('no objects passed to create');
  for (const { resource, namespace, object, source } of targets) {
    try {
      const body = flags.bool('save-config') ? modifiedConfiguration(object).object : object;
      if (dryRun === 'client') {
        print(body, 'created');
        continue;
      }
      const created = await sourced('creating', source, () =>
        createObject(kube, resource, namespace, body, {
          dryRun,
          fieldManager: flags.string('field-manager'),
          validation: fieldValidation(flags),
        }),
      );
      print(created, 'created');
    } catch (error) {
      errors.push(error);
    }
  }
  throwAll(errors);
  return 0;
}

export const command: Command = {
  use: 'create -f FILENAME',
  short: 'Create a resource from a file or from stdin',
  long: 'Create objects from a file or from stdin, YAML or JSON, or one object from arguments.',
  examples: [
    'kubectl create -f ./pod.yaml',
    'cat pod.json | kubectl create -f -',
    'kubectl create deployment web --image=nginx --replicas=2',
  ],
  arguments: 'none',
  commands: [
    ...[...workloadGenerators, ...configGenerators, ...networkGenerators, ...policyGenerators].map(toCommand),
    token,
  ],
  flags: [...fileFlags('create'), ...creationFlags, selectorFlag],
  run,
};
