// kubectl events: what has happened, oldest first.

import type { CoreV1Event } from '../../api/generated/types.ts';
import type { Command } from '../cli/command.ts';
import { CliError } from '../cli/errors.ts';
import { bool, int, strings, text } from '../cli/flags.ts';
import { lastSeen } from '../describe/common.ts';
import { since } from '../describe/writer.ts';
import { asJson, type KubeObject } from '../object.ts';
import { machineFormat, outputOf, printFlags, withoutManagedFields } from '../print/printer.ts';
import { alignTabs, tableTabs } from '../print/tabwriter.ts';
import { allNamespacesFlag } from '../resource/builder.ts';

export const command: Command = {
  use: 'events [(-o|--output=)json|yaml|...] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]',
  short: 'List events',
  examples: ['kubectl events', 'kubectl events --for pod/web --watch', 'kubectl events --types=Warning -A'],
  arguments: 'none',
  flags: [
    ...printFlags,
    allNamespacesFlag,
    bool('watch', 'After listing the requested events, watch for more events.', { short: 'w' }),
    bool('no-headers', "Don't print headers."),
    text('for', 'Filter events to only those pertaining to the specified resource.'),
    strings('types', 'Output only events of given types.'),
    int('chunk-size', 'Ask for long lists in pages of this size.', { default: '500' }),
  ],
  async run({ kube, flags, args, usage }) {
    if (args.length > 0) throw usage(`unexpected arguments: [${args.join(' ')}]`);
    const everywhere = flags.bool('all-namespaces');
    const path = everywhere ? '/api/v1/events' : `/api/v1/namespaces/${kube.namespace}/events`;
    let fieldSelector = '';
    const subject = flags.string('for');
    if (subject) {
      const [type, name] = subject.split('/');
      if (!type || !name) throw new CliError(`--for must be in resource/name form`);
      const resource = await kube.discovery.find(type);
      fieldSelector = `involvedObject.kind=${resource.kind},involvedObject.name=${name}`;
    }
    const types = flags.list('types').map((type) => type.toLowerCase());
    for (const type of types)
      if (!['normal', 'warning'].includes(type)) throw new CliError(`valid --types are Normal or Warning`);
    const wanted = (event: CoreV1Event) => types.length === 0 || types.includes((event.type ?? '').toLowerCase());
    const list = await kube.client.json<{ metadata?: { resourceVersion?: string }; items: CoreV1Event[] }>(path, {
      query: { fieldSelector, limit: 500 },
    });
    const events = (list.items ?? [])
      .filter(wanted)
      .sort((a, b) => (lastSeen(a) < lastSeen(b) ? -1 : lastSeen(a) > lastSeen(b) ? 1 : 0));
    if (outputOf(flags).format !== '') {
      const render = (await machineFormat(kube, flags))!;
      const items = events.map((event) =>
        asJson(withoutManagedFields({ ...event, apiVersion: 'v1', kind: 'Event' } as unknown as KubeObject, flags)),
      );
      kube.out(render({ apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } }));
      return 0;
    }
    if (events.length === 0 && !flags.bool('watch')) {
      kube.err(everywhere ? 'No events found.\n' : `No events found in ${kube.namespace} namespace.\n`);
      return 0;
    }
    const widths: number[] = [];
    const row = (event: CoreV1Event) => {
      const now = kube.io.clock.now();
      const first = since(event.firstTimestamp || event.eventTime, now);
      let age = first;
      if (event.series) age = `${since(event.series.lastObservedTime, now)} (x${event.series.count} over ${first})`;
      else if ((event.count ?? 0) > 1) age = `${since(event.lastTimestamp, now)} (x${event.count} over ${first})`;
      const cells = [
        age,
        event.type ?? '',
        event.reason ?? '',
        `${event.involvedObject.kind ?? ''}/${event.involvedObject.name ?? ''}`,
        (event.message ?? '').trim(),
      ];
      if (everywhere) cells.unshift(event.metadata.namespace ?? '');
      return cells.join('\t');
    };
    const head = flags.bool('no-headers')
      ? []
      : [[...(everywhere ? ['NAMESPACE'] : []), 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'].join('\t')];
    kube.out(alignTabs(`${[...head, ...events.map(row)].join('\n')}\n`, tableTabs, widths));
    if (!flags.bool('watch')) return 0;
    const query = { fieldSelector, resourceVersion: list.metadata?.resourceVersion };
    for await (const { type, object } of kube.client.watch<CoreV1Event>(path, { query })) {
      if (type !== 'DELETED' && type !== 'BOOKMARK' && wanted(object))
        kube.out(alignTabs(`${row(object)}\n`, tableTabs, widths));
    }
    return kube.signal?.aborted ? 130 : 0;
  },
};
