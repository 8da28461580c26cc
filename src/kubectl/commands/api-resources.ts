// kubectl api-resources and api-versions: what the server has.

import type { Command } from '../cli/command.ts';
import { CliError } from '../cli/errors.ts';
import { bool, strings, text } from '../cli/flags.ts';
import { alignTabs, tableTabs } from '../print/tabwriter.ts';
import { apiVersionOf, type Resource } from '../rest/discovery.ts';

/** Every resource once, in its preferred version. */
function preferred(resources: Resource[]): Resource[] {
  const first = new Map<string, Resource>();
  for (const each of resources) {
    const key = `${each.group}/${each.name}`;
    if (!first.has(key)) first.set(key, each);
  }
  return [...first.values()];
}

export const command: Command = {
  use: 'api-resources [flags]',
  short: 'Print the supported API resources on the server',
  arguments: 'none',
  flags: [
    text('output', 'Output format. One of: (wide, name).', { short: 'o' }),
    text('api-group', 'Limit to resources in this API group.'),
    bool('namespaced', 'Only namespaced resources, or with =false only the others.', { default: 'true' }),
    strings('verbs', 'Only resources that support these verbs.'),
    strings('categories', 'Only resources in these categories.'),
    text('sort-by', 'Sort by name or kind.'),
    bool('no-headers', "Don't print headers."),
    bool('cached', 'Use what is known already.'),
  ],
  async run({ kube, flags, args, usage }) {
    if (args.length > 0) throw usage(`unexpected arguments: [${args.join(' ')}]`);
    const output = flags.string('output');
    if (!['', 'wide', 'name'].includes(output)) throw new CliError(`--output ${output} is not available`);
    if (!['', 'name', 'kind'].includes(flags.string('sort-by')))
      throw new CliError('--sort-by accepts only name or kind');
    if (!flags.bool('cached')) kube.discovery.invalidate();
    const list = preferred(await kube.discovery.resources())
      .filter((each) => each.verbs.length > 0)
      .filter((each) => !flags.changed('api-group') || each.group === flags.string('api-group'))
      .filter((each) => !flags.changed('namespaced') || each.namespaced === flags.bool('namespaced'))
      .filter((each) => flags.list('verbs').every((verb) => each.verbs.includes(verb)))
      .filter((each) => flags.list('categories').every((category) => each.categories.includes(category)));
    const by = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
    const order: Record<string, (a: Resource, b: Resource) => number> = {
      '': (a, b) => by(a.group, b.group) || by(a.name, b.name),
      name: (a, b) => by(a.name, b.name),
      kind: (a, b) => by(a.kind, b.kind),
    };
    list.sort(order[flags.string('sort-by')]!);
    if (output === 'name') {
      for (const each of list) kube.out(`${each.name}${each.group ? `.${each.group}` : ''}\n`);
      return 0;
    }
    const wide = output === 'wide';
    const lines = flags.bool('no-headers')
      ? []
      : [
          ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND', ...(wide ? ['VERBS', 'CATEGORIES'] : [])].join(
            '\t',
          ),
        ];
    for (const each of list) {
      const cells = [each.name, each.shortNames.join(','), apiVersionOf(each), String(each.namespaced), each.kind];
      if (wide) cells.push([...each.verbs].sort().join(','), each.categories.join(','));
      lines.push(cells.join('\t'));
    }
    if (lines.length > 0) kube.out(alignTabs(`${lines.join('\n')}\n`, tableTabs));
    return 0;
  },
};

export const versions: Command = {
  use: 'api-versions',
  short: 'Print the supported API versions on the server, in the form of "group/version"',
  arguments: 'none',
  async run({ kube, args, usage }) {
    if (args.length > 0) throw usage(`unexpected arguments: [${args.join(' ')}]`);
    kube.discovery.invalidate();
    for (const each of [...(await kube.discovery.groupVersions())].sort()) kube.out(`${each}\n`);
    return 0;
  },
};
