// The command line of npm run etcd.

import { parseArgs } from 'node:util';

export interface EtcdFlags {
  members: number;
  /** Of the first member; 0: free ones. */
  clientPort: number;
  /** undefined: in memory. */
  dataDir?: string;
  /** A snapshot file to begin with. */
  restore?: string;
}

/** Why it does not start, in a sentence for whoever typed the command. */
export class StartError extends Error {}

/** What is wrong with the command itself. */
export class UsageError extends StartError {}

export const usage = `usage: npm run etcd -- [flags]

  --members=N        members to run, 1 to 9 (3)
  --client-port=P    the first member serves on 127.0.0.1:P, the next on P+1 ...; 0: free ports (2379)
  --data-dir=D       keep data in D; without it, in memory only
  --restore=FILE     begin with a snapshot: the blobs of /v3/maintenance/snapshot, decoded
  --help`;

const mostMembers = 9;

function whole(name: string, text: string, from: number, to: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= from && value <= to))
    throw new UsageError(`--${name} must be a whole number from ${from} to ${to}, not "${text}"`);
  return value;
}

/** Reads the arguments; 'help' if that is what they ask for. Throws UsageError. */
export function readFlags(args: string[]): EtcdFlags | 'help' {
  const options = {
    members: { type: 'string', default: '3' },
    'client-port': { type: 'string', default: '2379' },
    'data-dir': { type: 'string' },
    restore: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.split('. ')[0] : String(error));
  }
  if (values.help) return 'help';
  const members = whole('members', values.members, 1, mostMembers);
  const clientPort = whole('client-port', values['client-port'], 0, 65_535);
  if (clientPort + members - 1 > 65_535)
    throw new UsageError(`--client-port=${clientPort} leaves no ports for ${members} members`);
  for (const name of ['data-dir', 'restore'] as const)
    if (values[name] === '') throw new UsageError(`--${name} needs a value`);
  const { 'data-dir': dataDir, restore } = values;
  return { members, clientPort, ...(dataDir ? { dataDir } : {}), ...(restore ? { restore } : {}) };
}
