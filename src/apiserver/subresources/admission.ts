// Admission of what is sent to subresources that are no part of their object: Binding, Eviction, Scale, TokenRequest, and the options of a CONNECT
// (apiserver/pkg/endpoints/handlers: createHandler, UpdateResource, ConnectResource).

import type { Admission, AdmissionAttributes, Operation } from '../admission/admission.ts';
import type { KubeObject } from '../object.ts';
import type { Served } from '../registry/served.ts';
import type { RequestContext } from '../server/context.ts';
import type { Core } from '../server/core.ts';

export const isDryRun = ({ url }: RequestContext): boolean => url.searchParams.getAll('dryRun').includes('All');

interface Gate {
  /** The object as mutating admission wants it. Throws its refusal. */
  mutate(object: KubeObject, old?: KubeObject): Promise<KubeObject>;
  /** Throws the refusal of validating admission. */
  validate(object: KubeObject, old?: KubeObject): ReturnType<Admission['validate']>;
}

/** Admission of one request to a subresource; `name` is that of the object it belongs to. */
export function admissionOf(
  { admission }: Core,
  context: RequestContext,
  { resource }: Served,
  operation: Operation,
  name = context.info.name,
): Gate {
  const { info, user } = context;
  const { subresource, namespace } = info;
  const dryRun = operation !== 'CONNECT' && isDryRun(context);
  const attributes = (object: KubeObject, old: KubeObject | undefined): AdmissionAttributes => {
    return { operation, resource, subresource, namespace, name, object, old, user, dryRun, context };
  };
  return {
    mutate: async (object, old) => (await admission.mutate(attributes(object, old))) ?? object,
    validate: (object, old) => admission.validate(attributes(object, old)),
  };
}

/** Lets admission see the options of a stream or a proxied request, and change them. They are an object without metadata. */
export async function admitConnect<T extends object>(
  core: Core,
  context: RequestContext,
  served: Served,
  options: T,
): Promise<T> {
  const { kind } = served.resource.subresources.find(({ name }) => name === context.info.subresource) ?? { kind: '' };
  const gate = admissionOf(core, context, served, 'CONNECT');
  const admitted = await gate.mutate({ kind, apiVersion: 'v1', ...options } as unknown as KubeObject);
  await gate.validate(admitted);
  return admitted as unknown as T;
}
