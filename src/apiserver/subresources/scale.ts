// The scale subresource: one shape for everything that has replicas (autoscaling/v1 Scale).

import { invalid, path } from '../../api/field-error.ts';
import type { LabelSelector } from '../../api/generated/types.ts';
import { formatSelector, labelSelectorAsSelector } from '../../api/labels.ts';
import { newBadRequest, newInvalid, newPathNotFound, newUnsupportedMediaType } from '../../api/status.ts';
import { managerOf, versionsOf, writerOf } from '../endpoints/write.ts';
import type { KubeObject } from '../object.ts';
import type { Served } from '../registry/served.ts';
import { bodyType, contentType, readBody } from '../server/body.ts';
import type { RequestContext } from '../server/context.ts';
import type { Core, SpecialHandler } from '../server/core.ts';
import { parseBody, patchScale, trackChange } from '../server/machinery.ts';
import { negotiate } from '../server/negotiate.ts';
import { jsonResponse } from '../server/respond.ts';
import { admissionOf, isDryRun } from './admission.ts';

interface Scale extends KubeObject {
  spec: { replicas?: number };
  status?: { replicas: number; selector?: string };
}

/** Where a resource keeps what Scale shows, as paths of fields. */
export interface ScalePaths {
  specReplicas: string[];
  statusReplicas: string[];
  selector: string[];
}

const builtInPaths: ScalePaths = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  selector: ['spec', 'selector'],
};

export const scale: SpecialHandler = (core, context, served) => {
  const sub = served.resource.subresources.find(({ name }) => name === 'scale');
  if (!sub) throw newPathNotFound();
  return sub.verbs.includes(context.info.verb) ? serve(core, context, served) : undefined;
};

function read(object: unknown, fields: readonly string[]): unknown {
  let value = object;
  for (const field of fields) value = (value as Record<string, unknown> | undefined)?.[field];
  return value;
}

function write(object: KubeObject, fields: readonly string[], value: unknown): void {
  let at: Record<string, unknown> = object;
  for (const field of fields.slice(0, -1)) {
    at[field] ??= {};
    at = at[field] as Record<string, unknown>;
  }
  at[fields[fields.length - 1] as string] = value;
}

function selectorText(value: unknown, resource: string): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  // A ReplicationController's selector is a plain map.
  const selector =
    resource === 'replicationcontrollers' ? { matchLabels: value as Record<string, string> } : (value as LabelSelector);
  return formatSelector(labelSelectorAsSelector(selector));
}

function scaleOf(object: KubeObject, paths: ScalePaths, resource: string): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorText(read(object, paths.selector), resource);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
      ...(creationTimestamp && { creationTimestamp }),
    },
    spec: { replicas: (read(object, paths.specReplicas) as number | undefined) ?? 0 },
    status: {
      replicas: (read(object, paths.statusReplicas) as number | undefined) ?? 0,
      ...(selector && { selector }),
    },
  };
}

async function serve(core: Core, context: RequestContext, served: Served): Promise<Response> {
  const { resource, registry } = served;
  const { info, request } = context;
  const accept = negotiate(request, context.url);
  const paths = resource.scale ?? builtInPaths;
  if (info.verb === 'get') {
    const entry = await registry.get(info.namespace, info.name);
    return jsonResponse(scaleOf(entry.object, paths, resource.resource), 200, accept);
  }
  const bytes = await readBody(request);
  const type = contentType(request);
  const gate = admissionOf(core, context, served, 'UPDATE');
  const wanted = info.verb === 'update' ? parseBody(bytes, bodyType(request)) : undefined;
  if (info.verb === 'patch' && !/^application\/(merge-patch|json-patch|strategic-merge-patch)\+json$/.test(type))
    throw newUnsupportedMediaType([
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/strategic-merge-patch+json',
    ]);
  const { entry } = await registry.update(
    info.namespace,
    info.name,
    context,
    async (current) => {
      const object = current.copy();
      const before = scaleOf(object, paths, resource.resource);
      const sent = (wanted ?? patchScale(type, before, bytes)) as Partial<Scale> | null;
      if (sent?.metadata?.name !== undefined && sent.metadata.name !== info.name)
        throw newBadRequest(
          `the name of the object (${sent.metadata.name}) does not match the name on the URL (${info.name})`,
        );
      const { kind, apiVersion } = before;
      const { name, namespace } = before.metadata;
      const metadata = { ...sent?.metadata, name, ...(namespace && { namespace }) };
      const after = (await gate.mutate({ ...sent, kind, apiVersion, metadata }, before)) as Scale;
      const replicas = after?.spec?.replicas ?? 0;
      if (!Number.isInteger(replicas) || replicas < 0)
        throw newInvalid({ group: 'autoscaling', kind: 'Scale' }, info.name, [
          invalid(path('spec', 'replicas'), replicas, 'must be greater than or equal to 0'),
        ]);
      const { resourceVersion, uid } = after.metadata ?? {};
      if (resourceVersion) object.metadata.resourceVersion = resourceVersion;
      else delete object.metadata.resourceVersion;
      if (uid) object.metadata.uid = uid;
      write(object, paths.specReplicas, replicas);
      await trackChange(
        resource,
        object,
        current.object,
        writerOf(
          context,
          context.url.searchParams.get('fieldManager') || managerOf(context.request.headers.get('user-agent') ?? ''),
        ),
        versionsOf(core.catalog, resource),
      );
      return object;
    },
    {
      dryRun: isDryRun(context),
      subresource: 'scale',
      admit: (now, old) =>
        gate.validate(scaleOf(now, paths, resource.resource), old && scaleOf(old, paths, resource.resource)),
    },
  );
  return jsonResponse(scaleOf(entry.copy(), paths, resource.resource), 200, accept);
}
