// kubectl patch: a strategic, merge or JSON patch, written as YAML or JSON.

import { parse } from 'yaml';
import { messageOf } from '../../env/errors.ts';
import type { Command } from '../cli/command.ts';
import { CliError, throwAll } from '../cli/errors.ts';
import { text } from '../cli/flags.ts';
import { dryRunFlag, dryRunOf, printFlags, resultPrinter } from '../print/printer.ts';
import { fetchInfos, fileFlags, filenamesOf, subresourceFlag } from '../resource/builder.ts';
import { readText } from '../resource/files.ts';
import { fieldManagerFlag, patchObject, patchTypes } from '../resource/helper.ts';

export const command: Command = {
  use: 'patch (-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]',
  short: 'Update fields of a resource',
  examples: [
    `kubectl patch node n1 -p '{"spec":{"unschedulable":true}}'`,
    `kubectl patch deployment web --type=json -p='[{"op": "replace", "path": "/spec/replicas", "value":3}]'`,
  ],
  arguments: 'resource',
  flags: [
    ...fileFlags('patch'),
    ...printFlags,
    dryRunFlag,
    fieldManagerFlag('kubectl-patch'),
    subresourceFlag,
    text('patch', 'The patch to be applied to the resource JSON file.', { short: 'p' }),
    text('patch-file', 'A file containing a patch to be applied to the resource.'),
    text('type', 'The type of patch being provided; one of [json merge strategic]', { default: 'strategic' }),
  ],
  async run({ kube, flags, args }) {
    const typeName = flags.string('type').toLowerCase();
    const type = { strategic: patchTypes.strategic, merge: patchTypes.merge, json: patchTypes.json }[typeName];
    if (!type)
      throw new CliError(`--type must be one of [json merge strategic], not ${JSON.stringify(flags.string('type'))}`);
    const written = flags.string('patch-file')
      ? await readText(kube.io, flags.string('patch-file'))
      : flags.string('patch');
    if (written === '') throw new CliError('must specify --patch or --patch-file containing the contents of the patch');
    let body: unknown;
    try {
      body = parse(written, { version: '1.1' });
    } catch (error) {
      throw new CliError(`unable to parse ${JSON.stringify(written)}: ${messageOf(error)}`);
    }
    const dryRun = dryRunOf(kube, flags);
    const print = await resultPrinter(kube, flags, dryRun);
    const subresource = flags.string('subresource');
    const { infos, errors } = await fetchInfos(kube, {
      args,
      filenames: filenamesOf(flags),
      recursive: flags.bool('recursive'),
      requireName: true,
      subresource,
    });
    for (const info of infos) {
      try {
        if (dryRun === 'client') {
          print(info.object, 'patched');
          continue;
        }
        const patched = await patchObject(kube, info, type, body, {
          dryRun,
          fieldManager: flags.string('field-manager'),
          subresource,
        });
        const same = patched.metadata.resourceVersion === info.object.metadata.resourceVersion;
        print(patched, same && dryRun === 'none' ? 'patched (no change)' : 'patched');
      } catch (error) {
        errors.push(error);
      }
    }
    throwAll(errors);
    return 0;
  },
};
