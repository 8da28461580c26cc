// The paths of one resource in OpenAPI v3 with their operations and parameters, subresources included (apiserver/pkg/endpoints/installer.go).
//
// Invariants: operation ids, actions, kinds and parameters are upstream's; what all operations of a path take stands at the path.

export type JsonSchema = Record<string, unknown>;

export interface PathSubresource {
  readonly name: string;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

export interface PathResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly PathSubresource[];
  /** No protobuf, no strategic merge patch, none of the old paths of watches. */
  readonly custom?: boolean;
}

/** Name of a type in the document: of objects and lists of the resource, and of what it has in common with others ("Status", "Scale"). */
export type NameOf = (type: string) => string;

interface Parameter {
  name: string;
  in: 'query' | 'path';
  description: string;
  required?: true;
  schema: { type: string; uniqueItems: true };
}

/** "name", or "name#" for a number and "name?" for a flag. */
function query(spec: string, description: string): Parameter {
  const name = spec.replace(/[#?]$/, '');
  const type = spec.endsWith('#') ? 'integer' : spec.endsWith('?') ? 'boolean' : 'string';
  return { name, in: 'query', description, schema: { type, uniqueItems: true } };
}
const inPath = (name: string, description: string): Parameter => ({
  name,
  in: 'path',
  description,
  required: true,
  schema: { type: 'string', uniqueItems: true },
});

const pretty = query('pretty', 'Whether the answer is indented for the eye.');
const dryRun = query('dryRun', 'All: do everything but store.');
const writing = [
  dryRun,
  query('fieldManager', 'Who makes this change.'),
  query('fieldValidation', 'Ignore, Warn or Strict: what to do with unknown or repeated fields.'),
];
const patching = [...writing, query('force?', 'Take fields from other managers (apply only).')];
const watching = [
  query('allowWatchBookmarks?', 'Whether a watch may be told how far it has come.'),
  query('watch?', 'Changes are sent as they happen.'),
];
const listing = [
  query('continue', 'Where the page before has ended.'),
  query('fieldSelector', 'Only objects with these values of fields.'),
  query('labelSelector', 'Only objects with these labels.'),
  query('limit#', 'At most so many objects in a page.'),
  query('resourceVersion', 'As of when.'),
  query('resourceVersionMatch', 'Exact or NotOlderThan: what resourceVersion means.'),
  query('sendInitialEvents?', 'Whether a watch begins with the objects that there are.'),
  query('timeoutSeconds#', 'How long the call may take.'),
];
const deleting = [
  dryRun,
  query('gracePeriodSeconds#', 'How long the object may take to end.'),
  query('ignoreStoreReadErrorWithClusterBreakingPotential?', 'Delete also what cannot be read.'),
  query('orphanDependents?', 'Whether dependents stay; see propagationPolicy.'),
  query('propagationPolicy', 'Orphan, Background or Foreground: what becomes of dependents.'),
];
const container = query('container', 'Which container; needed where there are several.');
const streams = [
  container,
  query('stderr?', 'Whether its error output is sent.'),
  query('stdin?', 'Whether input is passed on.'),
  query('stdout?', 'Whether its output is sent.'),
  query('tty?', 'Whether there is a terminal.'),
];
const path = query('path', 'The path that is asked for.');
/** What is asked of a subresource by its query, by the kind of the options. */
const options: Record<string, Parameter[]> = {
  PodAttachOptions: streams,
  PodExecOptions: [...streams, query('command', 'The command to run, one parameter for each argument.')],
  PodPortForwardOptions: [query('ports#', 'The ports to forward.')],
  PodProxyOptions: [path],
  ServiceProxyOptions: [path],
  NodeProxyOptions: [path],
};
const logOptions = [
  container,
  query('follow?', 'Whether lines are sent as they are written.'),
  query('insecureSkipTLSVerifyBackend?', 'Whether the certificate of the kubelet goes unchecked.'),
  query('limitBytes#', 'At most so many bytes.'),
  query('previous?', 'The log of the container before its last restart.'),
  query('sinceSeconds#', 'Only what was written in the last so many seconds.'),
  query('stream', 'All, Stdout or Stderr.'),
  query('tailLines#', 'Only the last so many lines.'),
  query('timestamps?', 'Whether each line begins with its time.'),
];

const title = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
/** "rbac.authorization" -> "RbacAuthorization" */
const identifier = (text: string) =>
  text.replace(/(?:^|[^a-zA-Z0-9_]+)([a-zA-Z0-9_])/g, (_, first) => first.toUpperCase());

type Verb =
  | 'read'
  | 'list'
  | 'create'
  | 'replace'
  | 'patch'
  | 'delete'
  | 'deletecollection'
  | 'watch'
  | 'watchlist'
  | 'connect';
const actionNames: Partial<Record<Verb, string>> = { read: 'get', create: 'post', replace: 'put' };
const methods: Record<Exclude<Verb, 'connect'>, string> = {
  read: 'get',
  list: 'get',
  create: 'post',
  replace: 'put',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
  watch: 'get',
  watchlist: 'get',
};

const json = ['application/json', 'application/yaml'];
const protobuf = 'application/vnd.kubernetes.protobuf';
const streamed = (types: readonly string[]) => [
  ...types,
  ...types.filter((type) => !type.endsWith('yaml')).map((type) => `${type};stream=watch`),
];
const anything = ['*/*'];
const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

interface Wanted {
  verb: Verb;
  /** What comes after verb, group and version in the operation's id. */
  id: string;
  says: string;
  parameters: readonly Parameter[];
  gives: string;
  takes?: string;
  gvk: { group: string; version: string; kind: string };
}

/** All paths of a resource. */
export function pathsOf(resource: PathResource, nameOf: NameOf): Record<string, JsonSchema> {
  const { group, version, kind, plural, namespaced, verbs, custom } = resource;
  const tag = `${identifier((group || 'core').replace(/\.k8s\.io$/, '')).replace(/^./, (first) => first.toLowerCase())}_${version}`;
  const within = identifier((group || 'core').replace(/\.k8s\.io$/, '')) + identifier(version);
  const types = custom ? json : [...json, protobuf];
  const reference = (type: string) => (type === 'string' ? { type } : { $ref: `#/components/schemas/${nameOf(type)}` });
  const content = (media: readonly string[], type: string) =>
    Object.fromEntries(media.map((each) => [each, { schema: reference(type) }]));

  function operation({ verb, id, says, parameters, gives, takes, gvk }: Wanted): JsonSchema {
    const start = verb === 'watchlist' ? 'watch' : verb === 'deletecollection' ? 'delete' : verb;
    const media =
      verb === 'connect'
        ? anything
        : /^(watch|list)/.test(verb)
          ? streamed(types)
          : gives === 'string'
            ? ['text/plain', ...types]
            : types;
    const answer = (description: string) => ({ description, content: content(media, gives) });
    const bodies = verb === 'patch' ? patchTypes.filter((type) => !custom || !type.includes('strategic')) : anything;
    return {
      tags: [tag],
      description: says,
      operationId: `${start}${within}${verb === 'deletecollection' ? 'Collection' : ''}${id}`,
      ...(parameters.length > 0 && { parameters: [...parameters].sort(byName) }),
      ...(takes && {
        requestBody: { content: content(bodies, takes), ...(takes !== 'DeleteOptions' && { required: true }) },
      }),
      responses: {
        '200': answer('OK'),
        ...(/^(create|replace|patch)$/.test(verb) && { '201': answer('Created') }),
        ...(/^(create|delete)$/.test(verb) && { '202': answer('Accepted') }),
        '401': { description: 'Unauthorized' },
      },
      'x-kubernetes-action': actionNames[verb] ?? verb,
      'x-kubernetes-group-version-kind': gvk,
    };
  }

  const out: Record<string, JsonSchema> = {};
  function add(at: string, always: readonly Parameter[], operations: readonly [method: string, JsonSchema][]): void {
    if (operations.length > 0) out[at] = { ...Object.fromEntries(operations), parameters: [...always].sort(byName) };
  }
  /** Where there is one operation, all that it takes stands at the path. */
  function put(at: string, always: readonly Parameter[], wanted: readonly Wanted[]): void {
    const shared = wanted.length === 1 ? (wanted[0]?.parameters ?? []) : [];
    const operations = wanted.map((each): [string, JsonSchema] => [
      methods[each.verb as 'list'],
      operation(wanted.length === 1 ? { ...each, parameters: [] } : each),
    ]);
    add(at, [...always, ...shared], operations);
  }

  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const inNamespace = namespaced ? '/namespaces/{namespace}' : '';
  const collection = `${inNamespace}/${plural}`;
  const scope = namespaced ? [inPath('namespace', 'The namespace of the objects.')] : [];
  const one = [...scope, inPath('name', `The name of the ${kind}.`)];
  const own = { group, version, kind };
  const noun = `${namespaced ? 'Namespaced' : ''}${kind}`;
  const list = (id: string): Wanted => ({
    verb: 'list',
    id,
    says: `Lists objects of kind ${kind}, or watches them.`,
    parameters: [...listing, ...watching],
    gives: `${kind}List`,
    gvk: own,
  });
  const watchOf = (verb: 'watch' | 'watchlist', id: string): Wanted => ({
    ...list(id),
    verb,
    says: `Watches objects of kind ${kind}: the old way to say watch=true.`,
    parameters: [pretty, ...listing, ...watching],
    gives: 'WatchEvent',
  });
  const rest: Record<string, Omit<Wanted, 'gvk' | 'id'>> = {
    create: { verb: 'create', says: `Makes a new ${kind}.`, parameters: writing, gives: kind, takes: kind },
    deletecollection: {
      verb: 'deletecollection',
      says: `Deletes objects of kind ${kind}.`,
      parameters: [...deleting, ...listing],
      gives: 'Status',
      takes: 'DeleteOptions',
    },
    get: { verb: 'read', says: `Reads one ${kind}.`, parameters: [], gives: kind },
    update: { verb: 'replace', says: `Replaces one ${kind}.`, parameters: writing, gives: kind, takes: kind },
    patch: { verb: 'patch', says: `Changes a part of one ${kind}.`, parameters: patching, gives: kind, takes: 'Patch' },
    delete: {
      verb: 'delete',
      says: `Deletes one ${kind}.`,
      parameters: deleting,
      gives: returnsDeleted.has(plural) ? kind : 'Status',
      takes: 'DeleteOptions',
    },
  };
  const served = (...names: string[]): Wanted[] =>
    names
      .filter((name) => verbs.includes(name))
      .map((name) =>
        name === 'list' ? list(noun) : { ...(rest[name] as Omit<Wanted, 'gvk' | 'id'>), id: noun, gvk: own },
      );

  put(root + collection, [...scope, pretty], served('list', 'create', 'deletecollection'));
  put(`${root}${collection}/{name}`, [...one, pretty], served('get', 'update', 'patch', 'delete'));
  if (namespaced && verbs.includes('list')) put(`${root}/${plural}`, [pretty], [list(`${kind}ForAllNamespaces`)]);
  if (verbs.includes('watch') && !custom) {
    put(`${root}/watch${collection}`, scope, [watchOf('watchlist', `${noun}List`)]);
    put(`${root}/watch${collection}/{name}`, one, [watchOf('watch', noun)]);
    if (namespaced) put(`${root}/watch/${plural}`, [], [watchOf('watchlist', `${kind}ListForAllNamespaces`)]);
  }

  for (const subresource of resource.subresources) {
    const { name } = subresource;
    const at = `${root}${collection}/{name}/${name}`;
    const gvk = {
      group: subresource.group ?? group,
      version: subresource.version ?? version,
      kind: subresource.kind,
    };
    const id = `${noun}${title(name)}`;
    const of = `${name} of one ${kind}`;
    const asked = options[subresource.kind];
    if (asked) {
      const calls = name === 'proxy' ? ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] : ['get', 'post'];
      const connect = (suffix: string): [string, JsonSchema][] =>
        calls.map((method) => [
          method,
          operation({
            verb: 'connect',
            id: `${title(method)}${id}${suffix}`,
            says: `Connects to ${of}.`,
            parameters: [],
            gives: 'string',
            gvk,
          }),
        ]);
      add(at, [...one, ...asked], connect(''));
      if (name === 'proxy')
        add(`${at}/{path}`, [...one, inPath('path', 'The path that is asked for.'), ...asked], connect('WithPath'));
      continue;
    }
    const object = subresource.kind;
    const can: [string, Omit<Wanted, 'gvk' | 'id'>][] = [
      [
        'get',
        {
          verb: 'read',
          says: `Reads ${of}.`,
          parameters: name === 'log' ? logOptions : [],
          gives: name === 'log' ? 'string' : object,
        },
      ],
      ['update', { verb: 'replace', says: `Replaces ${of}.`, parameters: writing, gives: object, takes: object }],
      ['create', { verb: 'create', says: `Makes ${of}.`, parameters: writing, gives: object, takes: object }],
      [
        'patch',
        { verb: 'patch', says: `Changes a part of ${of}.`, parameters: patching, gives: object, takes: 'Patch' },
      ],
    ];
    const found = can
      .filter(([verb]) => subresource.verbs.includes(verb))
      .map(([, wanted]) => ({ ...wanted, id, gvk }));
    put(at, [...one, pretty], found);
  }
  return out;
}

const byName = (a: Parameter, b: Parameter) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** Resources whose DELETE answers with the object (rest.MayReturnFullObjectDeleter). */
const returnsDeleted = new Set([
  'pods',
  'services',
  'persistentvolumes',
  'persistentvolumeclaims',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'storageclasses',
  'csinodes',
  'csidrivers',
  'volumeattachments',
  'volumeattributesclasses',
  'resourceclaims',
  'resourceclaimtemplates',
  'deviceclasses',
  'resourceslices',
]);
