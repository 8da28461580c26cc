// What the schema of a CustomResourceDefinition may say, its CEL rules included
// (apiextensions-apiserver/pkg/apis/apiextensions/validation: ValidateCustomResourceDefinitionOpenAPISchema).
//
// Invariant: rules are only looked at where the schema around them is sound, so that their errors can be acted on.

import { itemsOf, type SchemaType, schemaType, unboundedCardinality, valuesOf } from '../../api/cel/schema-types.ts';
import {
  type FieldErrorList,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../api/field-error.ts';
import type { JSONSchemaProps, ValidationRule } from '../../api/generated/types.ts';
import { fieldPathOf } from './field-path.ts';
import { compileRule } from './rules.ts';
import { defaultErrors, structuralErrors } from './structural-rules.ts';

const perExpressionLimit = 10_000_000;
const totalLimit = 100_000_000;
const openApiTypes = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const metaFields = ['metadata', 'kind', 'apiVersion'];
const rootFields =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations';

/** Errors of one version's schema. */
export function schemaErrors(schema: JSONSchemaProps, at: FieldPath, hasStatus: boolean): FieldErrorList {
  const errors: FieldErrorList = [];
  if (hasStatus) errors.push(...rootErrors(schema, at));
  if (schema.nullable) errors.push(forbidden(at.child('nullable'), 'nullable cannot be true at the root'));
  const structural = structuralErrors(schema, at);
  if (structural.length === 0) structural.push(...defaultErrors(schema, at));
  errors.push(...structural);
  const walk = new Walk(structural.length === 0);
  errors.push(
    ...walk.schema(schema, at, { root: true, meta: false, noDefault: '', uncorrelated: undefined, cardinality: 1 }),
  );
  errors.push(...walk.ruleErrors);
  if (walk.totalCost > totalLimit) {
    for (const where of walk.expensive())
      errors.push(
        forbidden(where, 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'),
      );
    errors.push(
      forbidden(
        at,
        costMessage(
          'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema',
          walk.totalCost,
          totalLimit,
        ),
      ),
    );
  }
  return errors;
}

/** With a status subresource the status is validated alone: the root may say nothing that concerns it. */
function rootErrors(schema: JSONSchemaProps, at: FieldPath): FieldErrorList {
  if (schema.type !== undefined && schema.type !== 'object')
    return [
      invalid(
        at.child('type'),
        schema.type,
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
      ),
    ];
  const allowed = new Set(rootFields.split(' '));
  const goName = (key: string) =>
    key.startsWith('x-kubernetes-')
      ? `X${key.slice(13).replace(/(^|-)(\w)/g, (_all, _dash, c: string) => c.toUpperCase())}`
      : key.charAt(0).toUpperCase() + key.slice(1);
  const bad = Object.keys(schema).some((key) => schema[key as 'type'] !== undefined && !allowed.has(goName(key)));
  return bad
    ? [
        invalid(
          at,
          schema,
          `only [${rootFields}] fields are allowed at the root of the schema if the status subresource is enabled`,
        ),
      ]
    : [];
}

function costMessage(name: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const text = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${name} exceeds budget by factor of ${text} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

interface Place {
  root: boolean;
  /** Inside the metadata of an object. */
  meta: boolean;
  /** Why defaults are not allowed here; '' where they are. */
  noDefault: string;
  /** The part above which old and new values cannot be told apart. */
  uncorrelated: FieldPath | undefined;
  /** How often a value stands here at most; undefined for no bound. */
  cardinality: number | undefined;
}

class Walk {
  readonly ruleErrors: FieldErrorList = [];
  totalCost = 0;
  readonly #costs: { at: FieldPath; cost: number }[] = [];
  readonly #sound: boolean;

  constructor(sound: boolean) {
    this.#sound = sound;
  }

  expensive(): FieldPath[] {
    return [...this.#costs]
      .sort((a, b) => b.cost - a.cost)
      .slice(0, 4)
      .filter(({ cost }) => cost >= totalLimit / 100)
      .map(({ at }) => at);
  }

  schema(schema: JSONSchemaProps | undefined, at: FieldPath, place: Place, inRules = true): FieldErrorList {
    if (!schema || typeof schema !== 'object') return [];
    const errors: FieldErrorList = [];
    this.#forbidden(errors, schema, at, place);
    const inner = { ...place, root: false };
    const values = valuesOf(schema);
    const others = schema.additionalProperties as JSONSchemaProps | boolean | undefined;
    if (others !== undefined && others !== true && Object.keys(schema.properties ?? {}).length > 0)
      errors.push(
        forbidden(at.child('additionalProperties'), 'additionalProperties and properties are mutual exclusive'),
      );
    if (values)
      errors.push(
        ...this.schema(
          values,
          at.child('additionalProperties'),
          {
            ...inner,
            ...(place.meta && { noDefault: 'inside additionalProperties applying to object metadata' }),
            cardinality: times(place.cardinality, schema.maxProperties),
          },
          inRules,
        ),
      );
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const isMeta = (place.root || schema['x-kubernetes-embedded-resource']) && metaFields.includes(name);
      errors.push(
        ...this.schema(
          property,
          at.child('properties').key(name),
          {
            ...inner,
            meta: place.meta || Boolean(isMeta),
            uncorrelated: place.uncorrelated ?? (schema['x-kubernetes-map-type'] === 'atomic' ? at : undefined),
            noDefault: isMeta && place.root ? `in top-level ${name}` : place.noDefault,
          },
          inRules,
        ),
      );
    }
    const plain = (part: JSONSchemaProps | undefined, where: FieldPath) =>
      errors.push(...this.schema(part, where, inner, false));
    plain(schema.not, at.child('not'));
    for (const kind of ['allOf', 'oneOf', 'anyOf'] as const)
      for (const [i, part] of (schema[kind] ?? []).entries()) plain(part, at.child(kind).index(i));
    const items = itemsOf(schema);
    errors.push(
      ...this.schema(
        items,
        at.child('items'),
        {
          ...inner,
          uncorrelated: place.uncorrelated ?? (schema['x-kubernetes-list-type'] === 'map' ? undefined : at),
          cardinality: times(place.cardinality, schema.maxItems),
        },
        inRules,
      ),
    );
    listErrors(errors, schema, at);
    const rules = schema['x-kubernetes-validations'] ?? [];
    for (const [i, rule] of rules.entries())
      ruleForm(errors, schema, rule, at.child('x-kubernetes-validations').index(i));
    if (rules.length > 0 && errors.length === 0 && inRules && this.#sound) this.#rules(schema, rules, at, place);
    return errors;
  }

  #forbidden(errors: FieldErrorList, schema: JSONSchemaProps, at: FieldPath, { noDefault, meta }: Place): void {
    if (schema.type && !openApiTypes.includes(schema.type))
      errors.push(notSupported(at.child('type'), schema.type, openApiTypes));
    if (schema.default !== undefined && noDefault)
      errors.push(forbidden(at.child('default'), `must not be set ${noDefault}`));
    for (const name of ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const)
      if (schema[name] !== undefined && schema[name] !== '')
        errors.push(forbidden(at.child(name), `${name} is not supported`));
    if (schema.type === 'null')
      errors.push(forbidden(at.child('type'), 'type cannot be set to null, use nullable as an alternative'));
    if (Array.isArray(schema.items))
      errors.push(forbidden(at.child('items'), 'items must be a schema object and not an array'));
    if (meta && schema['x-kubernetes-embedded-resource'])
      errors.push(forbidden(at.child('x-kubernetes-embedded-resource'), 'must not be used inside of resource meta'));
    if (schema.uniqueItems)
      errors.push(
        forbidden(
          at.child('uniqueItems'),
          'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
        ),
      );
    if (schema['x-kubernetes-preserve-unknown-fields'] === false)
      errors.push(invalid(at.child('x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  }

  #rules(schema: JSONSchemaProps, rules: readonly ValidationRule[], at: FieldPath, place: Place): void {
    const type = schemaType(schema, place.root);
    if (!type) return;
    for (const [i, rule] of rules.entries())
      this.#rule(rule, type, at.child('x-kubernetes-validations').index(i), place);
  }

  #charge(at: FieldPath, cost: number, name: string): void {
    if (cost > perExpressionLimit) this.ruleErrors.push(forbidden(at, costMessage(name, cost, perExpressionLimit)));
    this.totalCost += cost;
    this.#costs.push({ at, cost });
  }

  #rule(rule: ValidationRule, type: SchemaType, at: FieldPath, { cardinality, uncorrelated }: Place): void {
    const { program, error, message, messageError, usesOldSelf } = compileRule(rule, type);
    const often = cardinality ?? unboundedCardinality(type);
    if (program)
      this.#charge(at.child('rule'), program.maxCost === 0 ? 0 : program.maxCost * often, 'estimated rule cost');
    if (error !== undefined) this.ruleErrors.push(invalid(at.child('rule'), internalRule(rule), error));
    if (messageError !== undefined)
      this.ruleErrors.push(invalid(at.child('messageExpression'), internalRule(rule), messageError));
    if (message) this.#charge(at.child('messageExpression'), message.maxCost, 'estimated messageExpression cost');
    if (usesOldSelf && uncorrelated)
      this.ruleErrors.push(
        invalid(
          at.child('rule'),
          rule.rule,
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`,
        ),
      );
    if (!usesOldSelf && !error && rule.optionalOldSelf !== undefined)
      this.ruleErrors.push(
        invalid(at.child('optionalOldSelf'), rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'),
      );
  }
}

const times = (cardinality: number | undefined, max: number | undefined): number | undefined =>
  cardinality === undefined || max === undefined ? undefined : cardinality * max;

/** A rule as upstream's errors show it: its internal type. */
const internalRule = (rule: ValidationRule) => ({
  Rule: rule.rule,
  Message: rule.message ?? '',
  MessageExpression: rule.messageExpression ?? '',
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? '',
  OptionalOldSelf: rule.optionalOldSelf ?? null,
});

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

function ruleForm(errors: FieldErrorList, schema: JSONSchemaProps, rule: ValidationRule, at: FieldPath): void {
  const text = (rule.rule ?? '').trim();
  const message = rule.message ?? '';
  if (text === '') errors.push(required(at.child('rule'), 'rule is not specified'));
  else if (message !== '' && message.trim() === '')
    errors.push(invalid(at.child('message'), message, 'must be non-empty if specified'));
  else if (/[\n\r]/.test(message.trim()))
    errors.push(invalid(at.child('message'), message, 'must not contain line breaks'));
  else if (/[\n\r]/.test(text) && message.trim() === '')
    errors.push(required(at.child('message'), 'message must be specified if rule contains line breaks'));
  if (rule.messageExpression && rule.messageExpression.trim() === '')
    errors.push(required(at.child('messageExpression'), 'messageExpression must be non-empty if specified'));
  if (rule.reason !== undefined && !reasons.includes(rule.reason))
    errors.push(notSupported(at.child('reason'), rule.reason, reasons));
  if (!rule.fieldPath) return;
  const { fieldPath } = rule;
  if (fieldPath.trim() === '') errors.push(invalid(at.child('fieldPath'), fieldPath, 'must be non-empty if specified'));
  if (/[\n\r]/.test(fieldPath)) errors.push(invalid(at.child('fieldPath'), fieldPath, 'must not contain line breaks'));
  if (!fieldPathOf(fieldPath, schema)) errors.push(invalid(at.child('fieldPath'), fieldPath, 'must be a valid path'));
}

/** Types of lists and maps, and the keys of lists of maps. */
function listErrors(errors: FieldErrorList, schema: JSONSchemaProps, at: FieldPath): void {
  const { type } = schema;
  const mapType = schema['x-kubernetes-map-type'];
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const items = itemsOf(schema);
  const wantType = (wanted: string, because: string) => {
    const detail = `must be ${wanted} if ${because} is specified`;
    if (type !== wanted)
      errors.push(type ? invalid(at.child('type'), type, detail) : required(at.child('type'), detail));
  };
  if (mapType !== undefined) {
    wantType('object', 'x-kubernetes-map-type');
    if (mapType !== 'atomic' && mapType !== 'granular')
      errors.push(notSupported(at.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
  }
  if (listType !== undefined) {
    wantType('array', 'x-kubernetes-list-type');
    if (!['atomic', 'set', 'map'].includes(listType))
      errors.push(notSupported(at.child('x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']));
  }
  const itemListType = items?.['x-kubernetes-list-type'];
  if (listType === 'set' && items?.type === 'array' && itemListType !== undefined && itemListType !== 'atomic')
    errors.push(
      invalid(
        at.child('items', 'x-kubernetes-list-type'),
        itemListType,
        'must be atomic as item of a list with x-kubernetes-list-type=set',
      ),
    );
  if (listType === 'set' && items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
    errors.push(
      invalid(
        at.child('items', 'x-kubernetes-map-type'),
        items['x-kubernetes-list-type'] ?? null,
        'must be atomic as item of a list with x-kubernetes-list-type=set',
      ),
    );
  const where = at.child('x-kubernetes-list-type');
  if (keys.length > 0 && listType === undefined)
    errors.push(required(where, 'must be map if x-kubernetes-list-map-keys is non-empty'));
  else if (keys.length > 0 && listType !== 'map')
    errors.push(invalid(where, listType, 'must be map if x-kubernetes-list-map-keys is non-empty'));
  if ((listType === 'set' || listType === 'map') && items?.nullable)
    errors.push(
      forbidden(at.child('items', 'nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`),
    );
  if (listType === 'map') mapListErrors(errors, keys, items, at);
}

function mapListErrors(
  errors: FieldErrorList,
  keys: readonly string[],
  items: JSONSchemaProps | undefined,
  at: FieldPath,
): void {
  const where = at.child('x-kubernetes-list-map-keys');
  if (keys.length === 0) errors.push(required(where, 'must not be empty if x-kubernetes-list-type is map'));
  if (!items)
    return void errors.push(required(at.child('items'), 'must have a schema if x-kubernetes-list-type is map'));
  if (items.type !== 'object')
    return void errors.push(
      invalid(
        at.child('items', 'type'),
        items.type ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    );
  for (const [i, key] of keys.entries()) {
    const property = items.properties?.[key];
    const place = at.child('items', 'properties').key(key);
    if (!property) errors.push(invalid(where, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object')
      errors.push(
        invalid(
          place.child('type'),
          items.type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (keys.indexOf(key) < i) errors.push(invalid(where, keys, 'must not contain duplicate entries'));
    if (property && !items.required?.includes(key) && property.default === undefined)
      errors.push(
        required(
          place.child('default'),
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
    if (property?.nullable)
      errors.push(
        forbidden(place.child('nullable'), 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'),
      );
  }
}
