// kubectl edit: the live object as YAML in the editor; what was changed is sent as a patch. A refused edit is opened again with the reason.

import { messageOf } from '../../env/errors.ts';
import { twoWayMergePatch, twoWayStrategicPatch } from '../apply/strategic.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, PlainError, StatusError, throwAll } from '../cli/errors.ts';
import { Flags, text } from '../cli/flags.ts';
import { asJson, type KubeObject } from '../object.ts';
import { toJson } from '../print/json.ts';
import { printFlags, resultPrinter, withoutManagedFields } from '../print/printer.ts';
import { toYaml } from '../print/yaml.ts';
import { fetchInfos, fileFlags, filenamesOf, type Info, selectorFlag, subresourceFlag } from '../resource/builder.ts';
import { parseDocuments } from '../resource/files.ts';
import { fieldManagerFlag, fieldValidation, patchObject, patchTypes, validateFlag } from '../resource/helper.ts';
import { schemaOf } from '../rest/openapi.ts';

const header = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`;

const body = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .trim();

/** Edits one object until it is accepted, unchanged or given up. */
async function editOne(
  context: CommandContext,
  info: Info,
  print: (object: KubeObject, operation: string) => void,
): Promise<void> {
  const { kube, flags } = context;
  const asJsonText = flags.string('output') === 'json';
  const before = withoutManagedFields(info.object, flags);
  const original = asJsonText ? toJson(asJson(before)) : toYaml(asJson(before));
  const name = `kubectl-edit-${info.resource.kind.toLowerCase()}-${info.name}.${asJsonText ? 'json' : 'yaml'}`;
  let shown = `${header}${original}`;
  for (;;) {
    const saved = await kube.io.edit!(shown, name);
    if (saved === undefined || body(saved) === '') {
      throw new PlainError(
        saved === undefined ? 'Edit cancelled, no changes made.' : 'Edit cancelled, saved file was empty.',
        saved === undefined ? 0 : 1,
      );
    }
    if (body(saved) === body(original)) {
      throw new PlainError('Edit cancelled, no changes made.', 0);
    }
    try {
      const after = parseDocuments(body(saved), name)[0] as unknown as KubeObject;
      if (after.metadata?.name !== info.name || after.kind !== info.object.kind)
        throw new CliError('At least one of apiVersion, kind and name was changed');
      const schema = await schemaOf(kube.io, kube.client, info.resource);
      const [a, b] = [asJson(before) as never, asJson(after) as never];
      const patch = schema ? twoWayStrategicPatch(a, b, schema) : twoWayMergePatch(a, b);
      if (Object.keys(patch).length === 0) throw new PlainError('Edit cancelled, no changes made.', 0);
      const patched = await patchObject(kube, info, schema ? patchTypes.strategic : patchTypes.merge, patch, {
        fieldManager: flags.string('field-manager'),
        validation: fieldValidation(flags),
        subresource: flags.string('subresource'),
      });
      print(patched, 'edited');
      return;
    } catch (error) {
      if (error instanceof PlainError) throw error;
      const causes = error instanceof StatusError ? error.status.details?.causes : undefined;
      const what = `${info.resource.name}${info.resource.group ? `.${info.resource.group}` : ''} ${JSON.stringify(info.name)}`;
      const reason =
        error instanceof StatusError && error.reason === 'Invalid' ? 'was not valid' : 'could not be patched';
      const message = messageOf(error);
      const reasons = causes?.length
        ? causes.map((cause) => `# * ${cause.field ?? ''}: ${cause.message ?? ''}`).join('\n')
        : `# * ${message.split('\n').join('\n# ')}`;
      kube.err(`error: ${what} ${reason === 'was not valid' ? 'is invalid' : `could not be patched: ${message}`}\n`);
      const again = `${header}# ${what} ${reason}:\n${reasons}\n#\n${body(saved)}\n`;
      if (again === shown) throw error;
      shown = again;
    }
  }
}

export const command: Command = {
  use: 'edit (RESOURCE/NAME | -f FILENAME)',
  short: 'Edit a resource on the server',
  long: 'Open an object in the editor as YAML; what is saved is sent to the server.',
  examples: ['kubectl edit svc/web', 'kubectl edit deployment web -o json'],
  arguments: 'resource',
  flags: [
    ...fileFlags('edit'),
    ...printFlags.filter((spec) => spec.name !== 'output'),
    text('output', 'Edit as yaml or json.', { short: 'o' }),
    validateFlag,
    fieldManagerFlag('kubectl-edit'),
    selectorFlag,
    subresourceFlag,
  ],
  async run(context) {
    const { kube, flags, args } = context;
    const { infos, errors } = await fetchInfos(kube, {
      args,
      filenames: filenamesOf(flags),
      selector: flags.string('selector'),
      requireName: true,
      subresource: flags.string('subresource'),
    });
    throwAll(errors);
    if (infos.length === 0) throw new CliError('edit cancelled, no objects found');
    if (!kube.io.edit) throw new CliError('unable to launch the editor: there is none in this terminal');
    const print = await resultPrinter(kube, new Flags([text('output', '')]));
    for (const info of infos) await editOne(context, info, print);
    return 0;
  },
};
