// kubectl get: the server's Tables for people, objects for machines, and both under a watch.

import type { Json } from '../../env/env.ts';
import type { Command, CommandContext } from '../cli/command.ts';
import { CliError, isNotFound, PlainError, throwAll } from '../cli/errors.ts';
import { bool, int, strings, text } from '../cli/flags.ts';
import { asJson, type KubeObject, type ListObject } from '../object.ts';
import { columnsText, parseColumns, parseColumnsFile } from '../print/custom-columns.ts';
import { machineFormat, outputOf, printFlags, templateFormats, withoutManagedFields } from '../print/printer.ts';
import { sortByPath } from '../print/sorting.ts';
import { type Table, TablePrinter } from '../print/table.ts';
import {
  allNamespacesFlag,
  explained,
  fieldSelectorFlag,
  fileFlags,
  filenamesOf,
  listAll,
  resolveTargets,
  selectorFlag,
  subresourceFlag,
  type Target,
} from '../resource/builder.ts';
import { readText } from '../resource/files.ts';
import { tableAccept, type WatchEvent } from '../rest/client.ts';
import { nameOf, pathOf, type Resource } from '../rest/discovery.ts';

const allowed = [
  'custom-columns',
  'custom-columns-file',
  ...templateFormats.slice(0, 2),
  'json',
  ...templateFormats.slice(2, 5),
  'name',
  'template',
  'templatefile',
  'wide',
  'yaml',
];

async function asTable(context: CommandContext, target: Target, watching = false): Promise<Table> {
  const { kube, flags } = context;
  const query = {
    labelSelector: flags.string('selector'),
    fieldSelector: target.name === undefined ? flags.string('field-selector') : undefined,
    includeObject: flags.string('sort-by') || context.flags.changed('label-columns') ? 'Object' : undefined,
  };
  if (target.name !== undefined && !watching) {
    const path = pathOf(target.resource, target.namespace, target.name, flags.string('subresource'));
    return toTable(
      await kube.client.json<Table>(path, { accept: tableAccept, query: { includeObject: query.includeObject } }),
    );
  }
  let result: Table | undefined;
  let next = '';
  do {
    const page = toTable(
      await explained(target.resource, { selector: query.labelSelector, fieldSelector: query.fieldSelector }, () =>
        kube.client.json<Table>(pathOf(target.resource, target.namespace), {
          accept: tableAccept,
          query: { ...query, limit: flags.int('chunk-size') || undefined, continue: next },
        }),
      ),
    );
    if (result) result.rows.push(...page.rows);
    else result = page;
    next = page.metadata?.continue ?? '';
  } while (next);
  return result;
}

/** A server that knows no Tables answers with the object: NAME and AGE are all there is to show. */
function toTable(answer: Table | KubeObject | ListObject): Table {
  if (answer.kind === 'Table') {
    const table = answer as Table;
    table.rows ??= [];
    return table;
  }
  const objects = 'items' in answer ? (answer as ListObject).items : [answer as KubeObject];
  return {
    kind: 'Table',
    columnDefinitions: [
      { name: 'Name', type: 'string' },
      { name: 'Age', type: 'string' },
    ],
    rows: objects.map((object) => ({
      cells: [object.metadata.name, object.metadata.creationTimestamp ?? '<unknown>'],
      object,
    })),
  };
}

const kindPrefix = (resource: Resource): string => nameOf(resource, '').slice(0, -1);

function printerFor(context: CommandContext, resource: Resource, several: boolean): TablePrinter {
  const { flags } = context;
  return new TablePrinter({
    wide: outputOf(flags).format === 'wide',
    withNamespace: flags.bool('all-namespaces') && resource.namespaced,
    kind: flags.bool('show-kind') || several ? kindPrefix(resource) : undefined,
    noHeaders: flags.bool('no-headers'),
    labelColumns: flags.list('label-columns'),
    showLabels: flags.bool('show-labels'),
  });
}

async function printTables(context: CommandContext, targets: Target[]): Promise<unknown[]> {
  const { kube, flags } = context;
  const errors: unknown[] = [];
  const groups: { resource: Resource; table: Table }[] = [];
  for (const target of targets) {
    try {
      const table = await asTable(context, target);
      const last = groups.at(-1);
      if (last && last.resource === target.resource) last.table.rows.push(...table.rows);
      else groups.push({ resource: target.resource, table });
    } catch (error) {
      if (!(flags.bool('ignore-not-found') && isNotFound(error))) errors.push(error);
    }
  }
  const several = new Set(groups.map((group) => group.resource)).size > 1;
  const filled = groups.filter((group) => group.table.rows.length > 0);
  if (flags.string('sort-by')) {
    for (const { table } of filled) table.rows = sortByPath(table.rows, flags.string('sort-by'), (row) => row.object!);
  }
  filled.forEach(({ resource, table }, i) => {
    kube.out(printerFor(context, resource, several).print(table));
    if (i < filled.length - 1 && !flags.bool('no-headers')) kube.out('\n');
  });
  const quiet = flags.bool('ignore-not-found');
  if (filled.length === 0 && errors.length === 0 && !quiet) {
    const everywhere = flags.bool('all-namespaces') || !targets.some((target) => target.resource.namespaced);
    kube.err(everywhere ? 'No resources found\n' : `No resources found in ${kube.namespace} namespace.\n`);
  }
  return errors;
}

/** Objects for -o json, yaml, name, jsonpath...: one object as it is, anything else as a List. */
async function printObjects(context: CommandContext, targets: Target[]): Promise<unknown[]> {
  const { kube, flags } = context;
  const errors: unknown[] = [];
  let objects: KubeObject[] = [];
  for (const target of targets) {
    try {
      if (target.name === undefined) {
        const query = { selector: flags.string('selector'), fieldSelector: flags.string('field-selector') };
        objects.push(...(await listAll(kube, target.resource, target.namespace, query)).items);
      } else {
        const path = pathOf(target.resource, target.namespace, target.name, flags.string('subresource'));
        objects.push(await kube.client.json(path));
      }
    } catch (error) {
      if (!(flags.bool('ignore-not-found') && isNotFound(error))) errors.push(error);
    }
  }
  if (flags.string('sort-by')) objects = sortByPath(objects, flags.string('sort-by'), (object) => object);
  objects = objects.map((object) => withoutManagedFields(object, flags));
  const single = targets.length === 1 && targets[0]!.name !== undefined;
  if (single && objects.length === 0) return errors;
  if (objects.length === 0 && errors.length > 0) return errors;
  const { format } = outputOf(flags);
  if (format.startsWith('custom-columns')) {
    kube.out(columnsText(await columnsOf(context), objects.map(asJson), !flags.bool('no-headers')));
    return errors;
  }
  const render = (await machineFormat(kube, flags, allowed))!;
  if (format === 'name') kube.out(objects.map((object) => render(asJson(object))).join(''));
  else if (single) kube.out(render(asJson(objects[0])));
  else
    kube.out(render({ apiVersion: 'v1', items: objects.map(asJson), kind: 'List', metadata: { resourceVersion: '' } }));
  return errors;
}

async function columnsOf({ kube, flags }: CommandContext) {
  const { format, argument } = outputOf(flags);
  return format === 'custom-columns' ? parseColumns(argument) : parseColumnsFile(await readText(kube.io, argument));
}

async function watchTargets(context: CommandContext, targets: Target[]): Promise<void> {
  const { kube, flags } = context;
  if (targets.length !== 1)
    throw new CliError(
      `watch is only supported on individual resources and resource collections - ${targets.length} resources were found`,
    );
  const target = targets[0]!;
  const { format } = outputOf(flags);
  const human = format === '' || format === 'wide';
  const withEvents = flags.bool('output-watch-events');
  const path = pathOf(target.resource, target.namespace);
  const fieldSelector = target.name === undefined ? flags.string('field-selector') : `metadata.name=${target.name}`;
  const query = { labelSelector: flags.string('selector'), fieldSelector };
  const accept = human ? tableAccept : 'application/json';
  const printer = printerFor(context, target.resource, false);
  const columns = format.startsWith('custom-columns') ? await columnsOf(context) : undefined;
  const render = human || columns ? undefined : (await machineFormat(kube, flags, allowed))!;
  let printed = 0;

  const show = (object: Table | KubeObject, type: string) => {
    if (human) {
      kube.out(printer.print(toTable(object as Table), withEvents ? { header: 'EVENT', cell: type } : undefined));
      return;
    }
    const clean = withoutManagedFields(object as KubeObject, flags);
    const value: Json = withEvents ? { type, object: asJson(clean) } : asJson(clean);
    if (columns) kube.out(columnsText(columns, [value], printed++ === 0 && !flags.bool('no-headers')));
    else {
      if (format === 'yaml' && printed++ > 0) kube.out('---\n');
      kube.out(render!(value));
      if (/^(jsonpath|go-template|template)/.test(format)) kube.out('\n');
    }
  };

  if (target.name !== undefined) await kube.client.json(pathOf(target.resource, target.namespace, target.name));
  const first = await kube.client.json<Table | ListObject>(path, { accept, query });
  let resourceVersion = first.metadata?.resourceVersion ?? '';
  if (!flags.bool('watch-only')) {
    if (human) {
      const table = toTable(first as Table);
      if (table.rows.length > 0) show(table as Table, 'ADDED');
    } else
      for (const item of (first as ListObject).items)
        show(
          { ...item, apiVersion: item.apiVersion ?? first.apiVersion ?? '', kind: item.kind ?? target.resource.kind },
          'ADDED',
        );
  }
  while (!kube.signal?.aborted) {
    const events = kube.client.watch<Table | KubeObject>(path, {
      accept,
      query: { ...query, resourceVersion, allowWatchBookmarks: true },
    });
    let any = false;
    for await (const event of events as AsyncGenerator<WatchEvent<Table | KubeObject>>) {
      any = true;
      const object = event.object as Table & KubeObject;
      resourceVersion =
        object.metadata?.resourceVersion || object.rows?.[0]?.object?.metadata.resourceVersion || resourceVersion;
      if (event.type === 'BOOKMARK') continue;
      show(event.object, event.type);
    }
    if (!any) break;
  }
}

async function printRaw(context: CommandContext): Promise<number> {
  const response = await context.kube.client.request(context.flags.string('raw'));
  context.kube.out(await response.text());
  return 0;
}

export const command: Command = {
  use: 'get [(-o|--output=)json|yaml|name|wide|...] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]',
  short: 'Display one or many resources',
  long: 'Display one or many resources: a table with the most important facts of each, or with -o the whole objects.\n\nBy default, objects that are not initialized or live in other namespaces are not shown; -A looks in every namespace.',
  examples: [
    'kubectl get pods',
    'kubectl get pods -o wide',
    'kubectl get deployment web -o yaml',
    'kubectl get -f pod.yaml -o json',
    'kubectl get pods -l app=web --watch',
    "kubectl get pod web -o jsonpath='{.status.phase}'",
    'kubectl get pods -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image',
    'kubectl get deployments,services',
    'kubectl get all -A',
  ],
  arguments: 'resource',
  flags: [
    ...printFlags.filter((spec) => spec.name !== 'output'),
    text(
      'output',
      `Output format. One of: (json, yaml, name, ${templateFormats.join(', ')}, custom-columns, custom-columns-file, wide).`,
      { short: 'o' },
    ),
    ...fileFlags('get'),
    selectorFlag,
    fieldSelectorFlag,
    allNamespacesFlag,
    subresourceFlag,
    bool('watch', 'After listing/getting the requested object, watch for changes.', { short: 'w' }),
    bool('watch-only', 'Watch for changes to the requested object(s), without listing/getting first.'),
    bool('output-watch-events', 'Output watch event objects when --watch or --watch-only is used.'),
    strings('label-columns', 'Labels to show as columns.', { short: 'L' }),
    bool('show-labels', 'When printing, show all labels as the last column.'),
    bool('show-kind', 'If present, list the resource type for the requested object(s).'),
    bool('no-headers', "Don't print headers."),
    bool('ignore-not-found', 'Exit with 0 when the object is not there.'),
    bool('server-print', 'Let the server make the table.', { default: 'true' }),
    text('sort-by', "Order by this JSONPath, such as '{.metadata.name}'."),
    text('raw', 'A path of the server to read as it is.'),
    int('chunk-size', 'Ask for long lists in pages of this size.', { default: '500' }),
  ],
  async run(context) {
    const { kube, flags, args } = context;
    if (flags.changed('raw')) return await printRaw(context);
    const { format } = outputOf(flags);
    const filenames = filenamesOf(flags);
    if (args.length === 0 && filenames.length === 0) {
      throw new PlainError(
        `You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples`,
      );
    }
    if (flags.bool('output-watch-events') && !flags.bool('watch') && !flags.bool('watch-only')) {
      throw context.usage('--output-watch-events option can only be used with --watch or --watch-only');
    }
    const { targets, errors } = await resolveTargets(kube, {
      args,
      filenames,
      recursive: flags.bool('recursive'),
      selector: flags.string('selector'),
      fieldSelector: flags.string('field-selector'),
      allNamespaces: flags.bool('all-namespaces'),
    });
    const human = format === '' || format === 'wide';
    if (!human && !format.startsWith('custom-columns')) await machineFormat(kube, flags, allowed);
    if (flags.bool('watch') || flags.bool('watch-only')) {
      await watchTargets(context, targets);
      return 0;
    }
    errors.push(...(human ? await printTables(context, targets) : await printObjects(context, targets)));
    throwAll(errors);
    return 0;
  },
};
