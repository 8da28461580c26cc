// POST pods/<name>/binding and POST bindings: the scheduler's decision (pkg/registry/core/pod/storage, BindingREST).

import { type FieldErrorList, notSupported, path, required } from '../../api/field-error.ts';
import type { Binding } from '../../api/generated/types.ts';
import { newBadRequest, newConflict, newInvalid, successStatus } from '../../api/status.ts';
import { rfc3339 } from '../../env/clock.ts';
import type { KubeObject } from '../object.ts';
import type { Served } from '../registry/served.ts';
import type { RequestContext } from '../server/context.ts';
import type { Core, SpecialHandler } from '../server/core.ts';
import { jsonResponse } from '../server/respond.ts';
import { readReview } from '../server/review.ts';
import { admissionOf, isDryRun } from './admission.ts';

export const podBinding: SpecialHandler = (core, context, served) =>
  context.info.verb === 'create' ? bind(core, context, served) : undefined;

interface BoundPod extends KubeObject {
  spec: { nodeName?: string; schedulingGates?: unknown[] };
  status?: {
    nominatedNodeName?: string;
    conditions?: { type: string; status: string; lastTransitionTime?: string }[];
  };
}

/** ValidatePodBinding. Upstream answers 500: here, too, it is the client that is told. */
function checkTarget({ metadata, target }: Binding): void {
  const errors: FieldErrorList = [];
  if (target?.kind && target.kind !== 'Node')
    errors.push(notSupported(path('target', 'kind'), target.kind, ['Node', '<empty>']));
  if (!target?.name) errors.push(required(path('target', 'name')));
  if (errors.length > 0) throw newInvalid({ group: '', kind: 'Binding' }, metadata?.name ?? '', errors);
}

async function bind(core: Core, context: RequestContext, served: Served): Promise<Response> {
  const { info } = context;
  const sent = await readReview(context, '', 'v1', 'Binding');
  const name = info.name || sent.metadata.name;
  sent.metadata = { ...sent.metadata, namespace: info.namespace };
  const gate = admissionOf(core, context, served, 'CREATE', name);
  const body = (await gate.mutate(sent)) as unknown as Binding;
  if (body.metadata?.name !== name) throw newBadRequest('name in URL does not match name in Binding object');
  checkTarget(body);
  await gate.validate(body as unknown as KubeObject);
  if (!name) throw newBadRequest('Name parameter required.');
  const node = body.target.name as string;
  const pods = core.catalog.registry('', 'pods');
  await pods.update(
    info.namespace,
    name,
    context,
    async (current) => {
      const pod = current.copy() as BoundPod;
      const refuse = (why: string) => newConflict({ group: '', resource: 'pods/binding' }, name, why);
      const { uid, resourceVersion } = body.metadata ?? {};
      if (uid && uid !== pod.metadata.uid)
        throw refuse(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`);
      if (resourceVersion && resourceVersion !== pod.metadata.resourceVersion)
        throw refuse(
          `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${pod.metadata.resourceVersion}`,
        );
      if (pod.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
      if (pod.spec.nodeName)
        throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
      if ((pod.spec.schedulingGates ?? []).length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
      pod.spec.nodeName = node;
      const { annotations, labels } = body.metadata ?? {};
      if (annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations };
      if (labels) pod.metadata.labels = { ...labels, ...pod.metadata.labels };
      const conditions = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
      const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: rfc3339(context.env.clock.now()) };
      pod.status = { ...pod.status, conditions: [...conditions, scheduled] };
      // Where it was to go is of no interest any more.
      delete pod.status.nominatedNodeName;
      return pod;
    },
    { dryRun: isDryRun(context), subresource: 'binding' },
  );
  return jsonResponse({ ...successStatus({}), code: 201, details: undefined }, 201);
}
