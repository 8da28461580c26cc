// What a command works on: arguments (TYPE, TYPE NAME, TYPE/NAME, TYPE,TYPE, all), files, selectors. The grammar and the messages are those of
// cli-runtime's resource.Builder.

import { CliError, isNotFound, isReason, StatusError } from '../cli/errors.ts';
import { array, bool, type FlagSpec, type Flags, text } from '../cli/flags.ts';
import type { Kube } from '../kube.ts';
import { groupVersion, type KubeObject, type ListObject } from '../object.ts';
import { apiVersionOf, pathOf, type Resource } from '../rest/discovery.ts';
import { readObjects } from './files.ts';

/** One object, or a whole collection when `name` is undefined. */
export interface Target {
  resource: Resource;
  namespace: string;
  name: string | undefined;
  /** What the file says, for targets out of files. */
  object?: KubeObject;
  source?: string;
}

/** One object as the server has it. */
export interface Info {
  resource: Resource;
  namespace: string;
  name: string;
  object: KubeObject;
  source?: string;
}

export const fileFlags = (verb: string): FlagSpec[] => [
  array('filename', `Filename, folder or - to use to ${verb}`, { short: 'f' }),
  bool('recursive', 'Process the folder used in -f, --filename recursively.', { short: 'R' }),
  text('kustomize', 'Process a kustomization folder', { short: 'k' }),
];
export const selectorFlag = text(
  'selector',
  "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.",
  {
    short: 'l',
  },
);
export const fieldSelectorFlag = text(
  'field-selector',
  "Selector (field query) to filter on, supports '=', '==', and '!='.",
);
export const allNamespacesFlag = bool('all-namespaces', 'Look in every namespace.', { short: 'A' });
/** The files of -f. kustomize is not here, and says so. */
export function filenamesOf(flags: Flags): string[] {
  if (flags.has('kustomize') && flags.string('kustomize')) {
    throw new CliError('kustomize is not part of this kubectl; name the files with -f');
  }
  return flags.list('filename').flatMap((each) => each.split(','));
}
export const subresourceFlag = text('subresource', 'Operate on the subresource of the requested object.');

export interface BuildOptions {
  args: string[];
  filenames?: string[];
  recursive?: boolean;
  selector?: string;
  fieldSelector?: string;
  all?: boolean;
  allNamespaces?: boolean;
  /** The type of a bare NAME (logs, exec: pods). */
  defaultType?: string;
  /** "resource(s) were provided, but no name was specified" when a type stands alone. */
  requireName?: boolean;
  /** What a command without anything to work on answers. */
  verb?: string;
}

const nothingGiven = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`;

async function typesOf(kube: Kube, argument: string): Promise<Resource[]> {
  const types: Resource[] = [];
  for (const part of argument.split(',').filter((each) => each !== '')) {
    const all = await kube.discovery.resources();
    const members = all.filter((each) => each.categories.includes(part));
    const seen = new Set<string>();
    if (members.length > 0 && !all.some((each) => each.name === part)) {
      for (const each of members) {
        if (seen.has(`${each.group}/${each.name}`)) continue;
        seen.add(`${each.group}/${each.name}`);
        types.push(each);
      }
    } else types.push(await kube.discovery.find(part));
  }
  return types;
}

/** Finds the resource of an object out of a file. */
export async function mappingFor(kube: Kube, object: KubeObject, source: string | undefined): Promise<Resource> {
  const { group, version } = groupVersion(object.apiVersion);
  const resource = await kube.discovery.forKind(group, version, object.kind);
  if (resource) return resource;
  const { name = '', namespace = '' } = object.metadata;
  throw new CliError(
    `resource mapping not found for name: ${JSON.stringify(name)} namespace: ${JSON.stringify(namespace)} from ${JSON.stringify(source ?? '')}: no matches for kind ${JSON.stringify(object.kind)} in version ${JSON.stringify(object.apiVersion)}\nensure CRDs are installed first`,
  );
}

/** The objects of files, with their namespace settled. */
export async function targetsOfFiles(
  kube: Kube,
  filenames: string[],
  recursive = false,
): Promise<{ targets: (Target & { object: KubeObject; source: string })[]; errors: unknown[] }> {
  const { objects, errors } = await readObjects(kube.io, filenames, recursive);
  const targets: (Target & { object: KubeObject; source: string })[] = [];
  for (const { object, source } of objects) {
    try {
      const resource = await mappingFor(kube, object, source);
      const { namespace, name } = object.metadata;
      if (resource.namespaced && kube.namespaceGiven && namespace && namespace !== kube.namespace) {
        throw new CliError(
          `the namespace from the provided object ${JSON.stringify(namespace)} does not match the namespace ${JSON.stringify(kube.namespace)}. You must pass '--namespace=${namespace}' to perform this operation.`,
        );
      }
      if (resource.namespaced && !namespace) object.metadata.namespace = kube.namespace;
      targets.push({
        resource,
        namespace: resource.namespaced ? (namespace ?? kube.namespace) : '',
        name,
        object,
        source,
      });
    } catch (error) {
      errors.push(error);
    }
  }
  return { targets, errors };
}

/** Resolves arguments and files to targets, asking discovery but reading no objects. */
export async function resolveTargets(
  kube: Kube,
  options: BuildOptions,
): Promise<{ targets: Target[]; errors: unknown[] }> {
  const { args } = options;
  const filenames = options.filenames ?? [];
  if (filenames.length > 0) {
    if (args.length > 0) {
      throw new CliError(
        'when paths, URLs, or stdin is provided as input, you may not specify a resource by arguments as well',
      );
    }
    return await targetsOfFiles(kube, filenames, options.recursive);
  }
  if (args.length === 0) throw new CliError(nothingGiven);
  const namespaceOf = (resource: Resource) => (resource.namespaced && !options.allNamespaces ? kube.namespace : '');
  const selecting = Boolean(options.selector || options.fieldSelector);

  if (args.some((arg) => arg.includes('/'))) {
    const plain = args.find((arg) => !arg.includes('/'));
    if (plain !== undefined) {
      throw new CliError(
        `there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'`,
      );
    }
    if (options.all || selecting) throw new CliError(nameWithSelector(options));
    const targets: Target[] = [];
    for (const arg of args) {
      const parts = arg.split('/');
      if (parts.length > 2) throw new CliError('arguments in resource/name form may not have more than one slash');
      const [type, name] = parts as [string, string];
      if (!type || !name) {
        throw new CliError(`arguments in resource/name form must have a single resource and name`);
      }
      const resource = await kube.discovery.find(type);
      if (options.allNamespaces) throw new CliError('a resource cannot be retrieved by name across all namespaces');
      targets.push({ resource, namespace: namespaceOf(resource), name });
    }
    return { targets, errors: [] };
  }

  if (options.defaultType) {
    const resource = await kube.discovery.find(options.defaultType);
    return { targets: args.map((name) => ({ resource, namespace: namespaceOf(resource), name })), errors: [] };
  }
  const types = await typesOf(kube, args[0]!);
  const names = args.slice(1);
  if (names.length > 0) {
    if (selecting || options.all) throw new CliError(nameWithSelector(options));
    if (options.allNamespaces) throw new CliError('a resource cannot be retrieved by name across all namespaces');
    return {
      targets: types.flatMap((resource) => names.map((name) => ({ resource, namespace: namespaceOf(resource), name }))),
      errors: [],
    };
  }
  if (options.requireName && !selecting && !options.all) {
    throw new CliError('resource(s) were provided, but no name was specified');
  }
  return {
    targets: types.map((resource) => ({ resource, namespace: namespaceOf(resource), name: undefined })),
    errors: [],
  };
}

const nameWithSelector = (options: BuildOptions): string =>
  options.all && !options.selector
    ? "setting 'all' parameter but found a non empty selector. "
    : 'name cannot be provided when a selector is specified';

/** Lists a collection, page by page as kubectl does. */
export async function listAll(
  kube: Kube,
  resource: Resource,
  namespace: string,
  query: { selector?: string | undefined; fieldSelector?: string | undefined } = {},
): Promise<ListObject> {
  let result: ListObject | undefined;
  let next = '';
  do {
    const page: ListObject = await explained(resource, query, () =>
      kube.client.json<ListObject>(pathOf(resource, namespace), {
        query: { labelSelector: query.selector, fieldSelector: query.fieldSelector, limit: 500, continue: next },
      }),
    );
    page.items ??= [];
    if (result) result.items.push(...page.items);
    else result = page;
    next = page.metadata?.continue ?? '';
  } while (next);
  const apiVersion = apiVersionOf(resource);
  for (const item of result.items) {
    item.apiVersion ??= apiVersion;
    item.kind ??= resource.kind;
  }
  return result;
}

/** Says, in the error of a list that the server will not give, what was asked for. */
export async function explained<T>(
  resource: Resource,
  query: { selector?: string | undefined; fieldSelector?: string | undefined },
  list: () => Promise<T>,
): Promise<T> {
  try {
    return await list();
  } catch (error) {
    if (!isReason(error, 'BadRequest') && !isNotFound(error)) throw error;
    const what = JSON.stringify(`${resource.group}/${resource.version}, Resource=${resource.name}`);
    const { selector = '', fieldSelector = '' } = query;
    const asked =
      selector || fieldSelector
        ? `Unable to find ${what} that match label selector ${JSON.stringify(selector)}, field selector ${JSON.stringify(fieldSelector)}`
        : `Unable to list ${what}`;
    throw new StatusError({ ...error.status, message: `${asked}: ${error.status.message ?? ''}` });
  }
}

/** Reads every object a command works on. Objects that cannot be read become errors; the rest is still returned. */
export async function fetchInfos(
  kube: Kube,
  options: BuildOptions & { ignoreNotFound?: boolean; subresource?: string },
): Promise<{ infos: Info[]; errors: unknown[] }> {
  const { targets, errors } = await resolveTargets(kube, options);
  const infos: Info[] = [];
  for (const target of targets) {
    try {
      if (target.name === undefined) {
        const list = await listAll(kube, target.resource, target.namespace, options);
        for (const object of list.items) infos.push(infoOf(target, object));
      } else {
        const path = pathOf(target.resource, target.namespace, target.name, options.subresource);
        const object = await kube.client.json<KubeObject>(path);
        infos.push({ ...infoOf(target, object), name: target.name });
      }
    } catch (error) {
      if (!(options.ignoreNotFound && isNotFound(error))) errors.push(error);
    }
  }
  return { infos, errors };
}

function infoOf(target: Target, object: KubeObject): Info {
  return {
    resource: target.resource,
    namespace: target.resource.namespaced ? (object.metadata.namespace ?? target.namespace) : '',
    name: object.metadata.name ?? '',
    object,
    ...(target.source ? { source: target.source } : {}),
  };
}
