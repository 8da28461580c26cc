// kubectl certificate approve | deny: decides on certificate signing requests.

import { formatTime } from '../../api/time.ts';
import type { Command } from '../cli/command.ts';
import { CliError, throwAll } from '../cli/errors.ts';
import { bool } from '../cli/flags.ts';
import { asJson, at, clone, put } from '../object.ts';
import { printFlags, resultPrinter } from '../print/printer.ts';
import { fetchInfos, fileFlags, filenamesOf, selectorFlag } from '../resource/builder.ts';
import { replaceObject } from '../resource/helper.ts';

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastUpdateTime?: string;
}

const decide = (verb: 'approve' | 'deny', type: 'Approved' | 'Denied', reason: string, past: string): Command => ({
  use: `${verb} (-f FILENAME | NAME)`,
  short: verb === 'approve' ? 'Approve a certificate signing request' : 'Deny a certificate signing request',
  examples: [`kubectl certificate ${verb} csr-sqgzp`],
  flags: [
    ...fileFlags(verb),
    ...printFlags,
    selectorFlag,
    bool('force', 'Update the CSR even if it is already decided.'),
  ],
  async run({ kube, flags, args }) {
    const filenames = filenamesOf(flags);
    if (args.length === 0 && filenames.length === 0)
      throw new CliError('one or more CSRs must be specified as <name> or -f <filename>');
    const print = await resultPrinter(kube, flags);
    const { infos, errors } = await fetchInfos(
      kube,
      filenames.length > 0 ? { args: [], filenames } : { args, defaultType: 'certificatesigningrequests' },
    );
    for (const info of infos) {
      try {
        const request = clone(info.object);
        const conditions = (at(request, 'status', 'conditions') ?? []) as unknown as Condition[];
        const other = type === 'Approved' ? 'Denied' : 'Approved';
        if (conditions.some((each) => each.type === other))
          throw new CliError(`certificate signing request ${JSON.stringify(info.name)} is already ${other}`);
        if (!conditions.some((each) => each.type === type) || flags.bool('force')) {
          const message = `This CSR was ${past} by kubectl certificate ${verb}.`;
          const kept = conditions.filter((each) => each.type !== type);
          const added = { type, status: 'True', reason, message, lastUpdateTime: formatTime(kube.io.clock.now()) };
          put(request, ['status', 'conditions'], asJson([...kept, added]));
          await replaceObject(kube, info, request, { subresource: 'approval' });
        }
        print(request, past);
      } catch (error) {
        errors.push(error);
      }
    }
    throwAll(errors);
    return 0;
  },
});

export const command: Command = {
  use: 'certificate SUBCOMMAND',
  short: 'Modify certificate resources',
  commands: [
    decide('approve', 'Approved', 'KubectlApprove', 'approved'),
    decide('deny', 'Denied', 'KubectlDeny', 'denied'),
  ],
};
