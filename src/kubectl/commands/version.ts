// kubectl version: this client and the server it speaks to.

import type { Json } from '../../env/env.ts';
import type { Command } from '../cli/command.ts';
import { CliError } from '../cli/errors.ts';
import { bool, text } from '../cli/flags.ts';
import { toYaml } from '../print/yaml.ts';

const client = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '',
  goVersion: '',
  compiler: 'typescript',
  platform: 'browser/wasm',
};
const kustomizeVersion = 'v5.8.0';

export const command: Command = {
  use: 'version [--client] [--output=json|yaml]',
  short: 'Print the client and server version information',
  arguments: 'none',
  flags: [
    bool('client', 'Only the version of this client; no server is asked.'),
    text('output', "One of 'yaml' or 'json'.", { short: 'o' }),
  ],
  async run({ kube, flags, args }) {
    if (args.length > 0) throw new CliError(`extra arguments: [${args.join(' ')}]`);
    const output = flags.string('output');
    if (!['', 'yaml', 'json'].includes(output)) throw new CliError("--output must be 'yaml' or 'json'");
    const value: { [key: string]: Json } = { clientVersion: client, kustomizeVersion };
    let failure: unknown;
    if (!flags.bool('client')) {
      try {
        value['serverVersion'] = await kube.client.json<Json>('/version');
      } catch (error) {
        failure = error;
      }
    }
    const server = value['serverVersion'] as { gitVersion?: string } | undefined;
    if (output === 'json') kube.out(`${JSON.stringify(value, null, 2)}\n`);
    else if (output === 'yaml') kube.out(toYaml(value));
    else {
      kube.out(`Client Version: ${client.gitVersion}\nKustomize Version: ${kustomizeVersion}\n`);
      if (server) kube.out(`Server Version: ${server.gitVersion}\n`);
    }
    if (failure) throw failure;
    return 0;
  },
};
