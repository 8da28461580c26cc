// kubectl diff: what apply would change, as a unified diff. Exit code 1 when there is a difference.

import { modifiedConfiguration, patchFor } from '../apply/client-side.ts';
import type { Command } from '../cli/command.ts';
import { CliError, isNotFound, throwAll } from '../cli/errors.ts';
import { bool } from '../cli/flags.ts';
import { asJson, clone, type KubeObject } from '../object.ts';
import { unifiedDiff } from '../print/unified-diff.ts';
import { toYaml } from '../print/yaml.ts';
import { fileFlags, filenamesOf, selectorFlag, targetsOfFiles } from '../resource/builder.ts';
import { createObject, fieldManagerFlag, patchObject, patchTypes } from '../resource/helper.ts';
import { pathOf } from '../rest/discovery.ts';

function shown(object: KubeObject | undefined, secret: boolean, keep: boolean): string {
  if (!object) return '';
  const copy = clone(object);
  if (!keep) delete copy.metadata.managedFields;
  if (secret && copy['data'])
    for (const key of Object.keys(copy['data'] as object)) (copy['data'] as { [key: string]: string })[key] = '***';
  return toYaml(asJson(copy));
}

export const command: Command = {
  use: 'diff -f FILENAME',
  short: 'Diff the live version against a would-be applied version',
  examples: ['kubectl diff -f pod.json', 'cat service.yaml | kubectl diff -f -'],
  arguments: 'file',
  flags: [
    ...fileFlags('diff'),
    selectorFlag,
    fieldManagerFlag('kubectl-client-side-apply'),
    bool('server-side', 'Work out what a server-side apply would do.'),
    bool('force-conflicts', 'Take the fields over that others manage.'),
    bool('show-managed-fields', 'Keep the managedFields.'),
  ],
  async run({ kube, flags, args, usage }) {
    if (args.length > 0) throw usage(`Unexpected args: [${args.join(' ')}]`);
    const filenames = filenamesOf(flags);
    if (filenames.length === 0) throw new CliError('must specify one of -f and -k');
    const { targets, errors } = await targetsOfFiles(kube, filenames, flags.bool('recursive'));
    throwAll(errors.map((error) => (error instanceof CliError ? new CliError(error.message, 2) : error)));
    let different = false;
    for (const target of targets) {
      const { resource, namespace, object } = target;
      const name = object.metadata.name ?? '';
      const live = await kube.client.json<KubeObject>(pathOf(resource, namespace, name)).catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
      const options = { dryRun: 'server' as const, fieldManager: flags.string('field-manager') };
      let merged: KubeObject;
      if (flags.bool('server-side'))
        merged = await patchObject(kube, { resource, namespace, name }, patchTypes.apply, object, {
          ...options,
          force: flags.bool('force-conflicts'),
        });
      else if (!live)
        merged = await createObject(kube, resource, namespace, modifiedConfiguration(object).object, options);
      else {
        const patch = await patchFor(kube, target, live);
        merged = patch ? await patchObject(kube, { resource, namespace, name }, patch.type, patch.body, options) : live;
      }
      const keep = flags.bool('show-managed-fields');
      const secret = resource.kind === 'Secret';
      const file = [resource.group, resource.version, resource.kind, namespace, name]
        .filter((part, i) => part !== '' || i > 2)
        .join('.');
      const text = unifiedDiff(
        shown(live, secret, keep),
        shown(merged, secret, keep),
        `LIVE/${file}`,
        `MERGED/${file}`,
      );
      if (text === '') continue;
      different = true;
      kube.out(`diff -u -N LIVE/${file} MERGED/${file}\n${text}`);
    }
    return different ? 1 : 0;
  },
};
