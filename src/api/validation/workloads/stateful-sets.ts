// Validation of StatefulSets (pkg/apis/apps/validation).
//
// Invariant: what an update finds already wrong (a template, a service's name) does not stand in the way of the rest.

import { type FieldErrorList, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type {
  PodTemplateSpec,
  StatefulSet,
  StatefulSetSpec,
  StatefulSetUpdateStrategy,
} from '../../generated/types.ts';
import { isDns1123Label } from '../../names.ts';
import { clusterRules } from '../cluster/rules.ts';
import { check, nonNegative, semanticEqual, specPath } from '../common.ts';
import { validatePodTemplate } from '../pods/pods.ts';
import { atMostAll, intOrPercent, numberOf } from './int-or-percent.ts';
import { requiredSelector, runsForEver, selectsTemplate, templatePath } from './pod-template.ts';

const retentions = ['Retain', 'Delete'];

function validateUpdateStrategy(errors: FieldErrorList, strategy: StatefulSetUpdateStrategy): void {
  const at = specPath.child('updateStrategy');
  const { type, rollingUpdate } = strategy;
  const where = at.child('rollingUpdate');
  const shown = rollingUpdate
    ? { Partition: rollingUpdate.partition ?? 0, MaxUnavailable: rollingUpdate.maxUnavailable ?? null }
    : null;
  if (!type) errors.push(required(at));
  else if (type === 'OnDelete') {
    if (rollingUpdate) errors.push(invalid(where, shown, "only allowed for updateStrategy 'RollingUpdate'"));
  } else if (type !== 'RollingUpdate')
    errors.push(invalid(at, { Type: type, RollingUpdate: shown }, "must be 'RollingUpdate' or 'OnDelete'"));
  else if (rollingUpdate) {
    nonNegative(errors, where.child('partition'), rollingUpdate.partition);
    const most = rollingUpdate.maxUnavailable;
    if (most === undefined) return;
    intOrPercent(errors, where.child('maxUnavailable'), most);
    if (numberOf(most) === 0) errors.push(invalid(where.child('maxUnavailable'), most, 'cannot be 0'));
    atMostAll(errors, where.child('maxUnavailable'), most);
  }
}

/** The template with the volumes that its claims will be; a volume of the same name gives way. */
function withClaims(template: PodTemplateSpec | undefined, claims: StatefulSetSpec['volumeClaimTemplates']) {
  if (!template?.spec || !claims || claims.length === 0) return template;
  const names = new Set(claims.map(({ metadata }) => metadata?.name ?? ''));
  const volumes = [
    ...[...names].map((name) => ({ name, persistentVolumeClaim: { claimName: name || 'claim', readOnly: false } })),
    ...(template.spec.volumes ?? []).filter(({ name }) => !names.has(name)),
  ];
  return { ...template, spec: { ...template.spec, volumes } };
}

interface Checked {
  template: boolean;
  /** The service's name and the claims, which only a new set can have wrong. */
  fixed: boolean;
}

function validateSpec(spec: StatefulSetSpec, checked: Checked): FieldErrorList {
  const errors: FieldErrorList = [];
  const policy = specPath.child('podManagementPolicy');
  if (!spec.podManagementPolicy) errors.push(required(policy));
  else if (!['OrderedReady', 'Parallel'].includes(spec.podManagementPolicy))
    errors.push(invalid(policy, spec.podManagementPolicy, "must be 'OrderedReady' or 'Parallel'"));
  validateUpdateStrategy(errors, spec.updateStrategy ?? {});
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  if (retention)
    for (const field of ['whenDeleted', 'whenScaled'] as const)
      if (!retentions.includes(retention[field] ?? ''))
        errors.push(
          notSupported(
            specPath.child('persistentVolumeClaimRetentionPolicy', field),
            retention[field] ?? '',
            retentions,
          ),
        );
  nonNegative(errors, specPath.child('replicas'), spec.replicas);
  nonNegative(errors, specPath.child('minReadySeconds'), spec.minReadySeconds);
  nonNegative(errors, specPath.child('ordinals.start'), spec.ordinals?.start);
  if (checked.fixed && spec.serviceName) check(errors, specPath.child('serviceName'), spec.serviceName, isDns1123Label);
  const selector = requiredSelector(errors, spec.selector, 'statefulset', '');
  if (selector) {
    if (selector.length > 0) selectsTemplate(errors, selector, spec.template);
    const template = withClaims(spec.template, spec.volumeClaimTemplates);
    if (checked.template) validatePodTemplate(errors, template, templatePath);
  }
  if (checked.fixed) errors.push(...claimErrors(spec));
  runsForEver(errors, spec.template, 'StatefulSet');
  return errors;
}

function claimErrors({ volumeClaimTemplates: claims = [] }: StatefulSetSpec): FieldErrorList {
  const judge = clusterRules['PersistentVolumeClaim']?.create;
  return claims.flatMap((claim, i) => {
    const at = specPath.child('volumeClaimTemplates').index(i);
    return (judge?.(claim as never) ?? []).map((error) => ({ ...error, field: `${at}.${error.field}` }));
  });
}

export const validateStatefulSet = ({ spec }: StatefulSet): FieldErrorList =>
  validateSpec(spec, { template: true, fixed: true });

const mutable = [
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
] as const;

export function validateStatefulSetUpdate(set: StatefulSet, old: StatefulSet): FieldErrorList {
  // A template that was wrong before may stay so.
  const template =
    validateSpec(set.spec, { template: true, fixed: false }).length === 0 ||
    validateSpec(old.spec, { template: true, fixed: false }).length === 0;
  const errors = validateSpec(set.spec, { template, fixed: false });
  const masked: Record<string, unknown> = { ...set.spec };
  const before: Record<string, unknown> = { ...old.spec };
  for (const name of mutable) delete before[name];
  for (const name of mutable) delete masked[name];
  if (!semanticEqual(masked, before))
    errors.push(
      forbidden(
        specPath,
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ),
    );
  return errors;
}
