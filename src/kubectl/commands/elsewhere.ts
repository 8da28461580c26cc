// Commands that need a machine of their own and cannot run in a page: they say so.

import type { Command } from '../cli/command.ts';
import { CliError } from '../cli/errors.ts';

export const proxy: Command = {
  use: 'proxy',
  short: 'Run a proxy to the Kubernetes API server',
  async run() {
    throw new CliError(
      'a page cannot listen on a port; the API is reached from here with drydock.fetch(path) in the console, and from your machine through the bridge',
    );
  },
};
