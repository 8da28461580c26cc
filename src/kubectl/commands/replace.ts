// kubectl replace: puts files in place of live objects; with --force deletes and creates anew.

import { timeoutSignal } from '../../env/clock.ts';
import { modifiedConfiguration } from '../apply/client-side.ts';
import type { Command } from '../cli/command.ts';
import { CliError, isNotFound, sourced, throwAll } from '../cli/errors.ts';
import { bool, duration, int } from '../cli/flags.ts';
import type { KubeObject } from '../object.ts';
import { dryRunFlag, dryRunOf, printFlags, resultPrinter } from '../print/printer.ts';
import { fileFlags, filenamesOf, subresourceFlag, targetsOfFiles } from '../resource/builder.ts';
import {
  createObject,
  fieldManagerFlag,
  fieldValidation,
  lastApplied,
  replaceObject,
  validateFlag,
} from '../resource/helper.ts';
import { watchObject } from '../resource/watching.ts';
import { pathOf } from '../rest/discovery.ts';

export const command: Command = {
  use: 'replace -f FILENAME',
  short: 'Replace a resource by file name or stdin',
  examples: ['kubectl replace -f ./pod.json', 'kubectl replace --force -f ./pod.json'],
  arguments: 'file',
  flags: [
    ...fileFlags('replace'),
    ...printFlags,
    dryRunFlag,
    validateFlag,
    fieldManagerFlag('kubectl-replace'),
    subresourceFlag,
    bool('force', 'Delete the objects and create them anew.'),
    bool('save-config', 'Keep the configuration in an annotation, for a later apply.'),
    int('grace-period', 'Seconds the object gets to end in.', { default: '-1' }),
    duration('timeout', 'How long to wait for a deletion.'),
  ],
  async run({ kube, flags, args, usage }) {
    const filenames = filenamesOf(flags);
    if (args.length > 0) throw usage(`Unexpected args: [${args.join(' ')}]`);
    if (filenames.length === 0) throw new CliError('must specify one of -f and -k');
    const dryRun = dryRunOf(kube, flags);
    const print = await resultPrinter(kube, flags, dryRun);
    const { targets, errors } = await targetsOfFiles(kube, filenames, flags.bool('recursive'));
    for (const { resource, namespace, object, source } of targets) {
      try {
        const name = object.metadata.name ?? '';
        if (name === '') throw new CliError('resource name may not be empty');
        const keep = flags.bool('save-config') || object.metadata.annotations?.[lastApplied] !== undefined;
        const body = keep ? modifiedConfiguration(object).object : object;
        const options = {
          dryRun,
          fieldManager: flags.string('field-manager'),
          validation: fieldValidation(flags),
          subresource: flags.string('subresource'),
        };
        if (flags.bool('force')) {
          try {
            const grace = flags.int('grace-period');
            const deletion = {
              kind: 'DeleteOptions',
              apiVersion: 'v1',
              propagationPolicy: 'Background',
              ...(grace >= 0 ? { gracePeriodSeconds: grace } : {}),
            };
            await kube.client.json(pathOf(resource, namespace, name), { method: 'DELETE', body: deletion });
            const kind = `${resource.kind.toLowerCase()}${resource.group ? `.${resource.group}` : ''}`;
            kube.out(
              `${kind} ${JSON.stringify(name)} deleted${resource.namespaced ? ` from ${namespace} namespace` : ''}\n`,
            );
            const timer = timeoutSignal(kube.io.clock, flags.duration('timeout') || 300_000);
            const signal = kube.signal ? AbortSignal.any([kube.signal, timer.signal]) : timer.signal;
            for await (const event of watchObject(kube, { resource, namespace, name }, signal))
              if (!event.object) break;
            timer.cancel();
          } catch (error) {
            if (!isNotFound(error)) throw error;
          }
          delete body.metadata.resourceVersion;
          print(await createObject(kube, resource, namespace, body, options), 'replaced');
          continue;
        }
        if (dryRun === 'client') {
          print(body, 'replaced');
          continue;
        }
        const replaced = await sourced(
          'replacing',
          source,
          async (): Promise<KubeObject> => await replaceObject(kube, { resource, namespace, name }, body, options),
        );
        print(replaced, 'replaced');
      } catch (error) {
        errors.push(error);
      }
    }
    throwAll(errors);
    return 0;
  },
};
