// Conversion webhooks: a custom resource's objects from one version to another, asked of whoever its definition names
// (apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go).
//
// Invariants: objects that are in the wanted version already are not sent; of an object's metadata only labels and annotations may change; what an answer adds
// beyond the wanted version's schema is dropped; what fails, fails the request.

import { type FieldErrorList, path, renderErrors } from '../../api/field-error.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../../api/generated/types.ts';
import { ApiError } from '../../api/status.ts';
import { validateAnnotations, validateLabels } from '../../api/validation/common.ts';
import { randomUuid } from '../../env/random.ts';
import { CallError, postJson } from '../admission/webhooks/call.ts';
import { ownContext } from '../bootstrap.ts';
import { deepCopy, deepEqual, type KubeObject } from '../object.ts';
import { apiVersionOf } from '../registry/resource.ts';
import type { Core } from '../server/core.ts';
import type { VersionConversion } from '../storage/converted-store.ts';
import { applyDefaults, prune } from './structural.ts';

const timeoutSeconds = 30;
/** Objects in one call. */
const batch = 500;

export const schemaOf = (version: CustomResourceDefinitionVersion | undefined): JSONSchemaProps | undefined =>
  version?.schema?.openAPIV3Schema as JSONSchemaProps | undefined;

/** "stable.example.com/v1, Kind=CronTab" */
const kindOf = ({ apiVersion, kind }: { apiVersion?: string; kind?: string }): string =>
  `${apiVersion ?? ''}, Kind=${kind ?? ''}`;

interface ConversionReview {
  kind?: string;
  apiVersion?: string;
  response?: { uid?: string; convertedObjects?: unknown[] | null; result?: { status?: string; message?: string } };
}

class ConversionError extends Error {}

/** How objects of a definition with a conversion webhook cross from and to one of its versions. */
export function webhookConversion(
  core: Core,
  { metadata, spec }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): VersionConversion {
  const storageVersion = spec.versions.find((each) => each.storage);
  const wanted = apiVersionOf(spec.group, version.name);
  const storage = apiVersionOf(spec.group, storageVersion?.name ?? '');
  const schema = schemaOf(version);

  async function convert(objects: readonly KubeObject[], to: string): Promise<KubeObject[]> {
    const out = objects.map(({ metadata: { resourceVersion: _, ...rest }, ...object }) =>
      deepCopy({ ...object, metadata: rest } as KubeObject),
    );
    const outdated = out.flatMap(({ apiVersion }, i) => (apiVersion === to ? [] : [i]));
    for (let at = 0; at < outdated.length; at += batch) {
      const indices = outdated.slice(at, at + batch);
      const converted = await ask(
        indices.map((i) => out[i] as KubeObject),
        to,
      );
      for (const [j, i] of indices.entries()) out[i] = converted[j] as KubeObject;
    }
    return out;
  }

  async function ask(objects: KubeObject[], to: string): Promise<KubeObject[]> {
    const kind = kindOf(objects[0] as KubeObject);
    try {
      return converted(objects, to, await call(objects, to));
    } catch (error) {
      if (!(error instanceof ConversionError) && !(error instanceof CallError)) throw error;
      const message = `conversion webhook for ${kind} ${error instanceof CallError ? 'failed: ' : ''}${error.message}`;
      throw new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 });
    }
  }

  /** The objects of the answer. Throws a CallError when there is none to use. */
  async function call(objects: KubeObject[], desiredAPIVersion: string): Promise<unknown[]> {
    const { clientConfig = {}, conversionReviewVersions = [] } = spec.conversion?.webhook ?? {};
    const reviewVersion = conversionReviewVersions.find((each) => each === 'v1' || each === 'v1beta1');
    if (!reviewVersion) throw new CallError('no supported conversion review versions');
    const uid = randomUuid(core.env.random);
    const apiVersion = `apiextensions.k8s.io/${reviewVersion}`;
    const review = { kind: 'ConversionReview', apiVersion, request: { uid, desiredAPIVersion, objects } };
    const context = ownContext(
      core,
      'POST',
      `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata.name}`,
    );
    const answer = (await postJson(core, context, clientConfig, review, timeoutSeconds)) as ConversionReview | null;
    if (reviewVersion === 'v1' && (answer?.kind !== 'ConversionReview' || answer.apiVersion !== apiVersion))
      throw new CallError(
        `expected webhook response of ${kindOf({ apiVersion, kind: 'ConversionReview' })}, got ${kindOf(answer ?? {})}`,
      );
    const response = answer?.response;
    if (!response) throw new CallError('no response provided');
    if (reviewVersion === 'v1' && response.uid !== uid)
      throw new CallError(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
    const { status = '', message } = response.result ?? {};
    if (status !== 'Success') throw new CallError(message || `response.result.status was '${status}', not 'Success'`);
    return response.convertedObjects ?? [];
  }

  /** The answer's objects, checked one by one against those that were sent. Throws a ConversionError. */
  function converted(sent: KubeObject[], to: string, got: unknown[]): KubeObject[] {
    if (got.length !== sent.length)
      throw new ConversionError(`returned ${got.length} objects, expected ${sent.length}`);
    const target = to === wanted ? schema : schemaOf(storageVersion);
    return sent.map((original, i) => {
      const object = check(original, got[i], to, sent.length === 1 ? undefined : i);
      prune(object, target, true);
      return object;
    });
  }

  return {
    storage,
    async read(objects) {
      const out = await convert(objects, wanted);
      for (const object of out) {
        prune(object, schema, true);
        applyDefaults(object, schema);
      }
      return out;
    },
    async store(object) {
      return (await convert([object], storage))[0] as KubeObject;
    },
  };
}

/** Throws a ConversionError unless `value` is `original` in another form. Returns it with the original's metadata. */
function check(original: KubeObject, value: unknown, to: string, index: number | undefined): KubeObject {
  const of = index === undefined ? 'object' : `converted object at index ${index}`;
  const invalid = (why: string) => new ConversionError(`returned invalid ${of}: ${why}`);
  const invalidAt = (why: string) =>
    new ConversionError(`returned invalid ${index === undefined ? 'object at index 0' : of}: ${why}`);
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  const object = (isRecord ? value : {}) as Partial<KubeObject>;
  if (object.apiVersion !== to)
    throw invalidAt(`invalid groupVersion (expected ${to}, received ${object.apiVersion ?? ''})`);
  if (object.kind !== original.kind)
    throw invalidAt(`invalid kind (expected ${original.kind}, received ${object.kind ?? ''})`);
  const metadata: unknown = object.metadata;
  const given = (typeof metadata === 'object' && metadata !== null ? metadata : {}) as Partial<KubeObject['metadata']>;
  for (const [field, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const)
    if ((given[field] ?? '') !== (original.metadata[field] ?? ''))
      throw invalid(`must have the same ${name}: ${original.metadata[field] ?? ''} != ${given[field] ?? ''}`);
  const where = index === undefined ? '' : ` in object at index ${index}`;
  const wrong = (why: string) => new ConversionError(`returned invalid metadata${where}: ${why}`);
  if (metadata === undefined) throw wrong('missing metadata in converted object');
  return { ...(object as KubeObject), metadata: restored(original.metadata, given, wrong) };
}

const goType = (value: unknown): string => {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return value === null ? '<nil>' : 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value;
};

/** The original metadata with the labels and annotations of the answer. */
function restored(
  original: KubeObject['metadata'],
  given: Partial<KubeObject['metadata']>,
  wrong: (why: string) => ConversionError,
): KubeObject['metadata'] {
  const out = { ...original };
  for (const field of ['labels', 'annotations'] as const) {
    const value: unknown = given[field];
    delete out[field];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'object' || Array.isArray(value))
      throw wrong(`invalid metadata.${field} of type ${goType(value)} in converted object`);
    for (const [key, text] of Object.entries(value))
      if (typeof text !== 'string')
        throw wrong(`metadata.${field}[${key}] must be a string, but is ${goType(text)} in converted object`);
    const map = value as Record<string, string>;
    if (!deepEqual(map, original[field] ?? {})) {
      const errors: FieldErrorList = [];
      if (field === 'labels') validateLabels(errors, map, path('metadata', 'labels'));
      else validateAnnotations(errors, map, path('metadata', 'annotation'));
      if (errors.length > 0) throw wrong(renderErrors(errors));
    }
    out[field] = map;
  }
  return out;
}
