// What a PUT or PATCH of a pod may change (pkg/apis/core/validation: ValidatePodUpdate).

import { type FieldErrorList, type FieldPath, forbidden, invalid, required } from '../../field-error.ts';
import type {
  Container,
  NodeAffinity,
  NodeSelectorTerm,
  Pod,
  PodSchedulingGate,
  Toleration,
} from '../../generated/types.ts';
import { isInRange } from '../../names.ts';
import { equalJson } from '../../patch/json-patch.ts';
import { metadataPath, specPath } from '../common.ts';
import { validateAnnotationChanges } from './annotations.ts';
import { goValue } from './go-values.ts';
import { validateWholePod } from './pods.ts';

const mutableFields =
  '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

const same = (a: unknown, b: unknown): boolean => equalJson(a ?? null, b ?? null);

/** What changed, a line for each leaf: the reader's help after "may not change fields other than". */
export function describeChange(old: unknown, now: unknown, at = ''): string[] {
  if (same(old, now)) return [];
  if (typeof old === 'object' && typeof now === 'object' && old && now && Array.isArray(old) === Array.isArray(now)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
    return keys.flatMap((key) =>
      describeChange(
        (old as Record<string, unknown>)[key],
        (now as Record<string, unknown>)[key],
        Array.isArray(old) ? `${at}[${key}]` : at ? `${at}.${key}` : key,
      ),
    );
  }
  const lines: string[] = [];
  if (old !== undefined) lines.push(`- ${at}: ${JSON.stringify(old)}`);
  if (now !== undefined) lines.push(`+ ${at}: ${JSON.stringify(now)}`);
  return lines;
}

/** As many containers as before, each with an image. False: nothing else can be compared. */
function checkContainers(
  errors: FieldErrorList,
  now: readonly Container[],
  old: readonly Container[],
  at: FieldPath,
): boolean {
  if (now.length !== old.length) {
    errors.push(forbidden(at, 'pod updates may not add or remove containers'));
    return false;
  }
  for (const [i, { image = '' }] of now.entries()) {
    if (image === '') errors.push(required(at.index(i).child('image')));
    if (image !== image.trim())
      errors.push(invalid(at.index(i).child('image'), image, 'must not have leading or trailing whitespace'));
  }
  return true;
}

/** A deadline may come, and come nearer. False: nothing else is compared. */
function checkDeadline(errors: FieldErrorList, now: number | undefined, old: number | undefined): boolean {
  const at = specPath.child('activeDeadlineSeconds');
  if (now === undefined) {
    if (old !== undefined) errors.push(invalid(at, null, 'must not update from a positive integer to nil value'));
    return true;
  }
  const [message] = isInRange(now, 0, 2147483647);
  if (message) errors.push(invalid(at, now, message));
  else if (old !== undefined && old < now)
    errors.push(invalid(at, now, 'must be less than or equal to previous value'));
  else return true;
  return false;
}

function checkTolerations(errors: FieldErrorList, now: readonly Toleration[], old: readonly Toleration[]): void {
  const kept = old.every((toleration) =>
    now.some((each) => same({ ...each, tolerationSeconds: 0 }, { ...toleration, tolerationSeconds: 0 })),
  );
  if (!kept)
    errors.push(
      forbidden(specPath.child('tolerations'), 'existing toleration can not be modified except its tolerationSeconds'),
    );
}

function checkGates(
  errors: FieldErrorList,
  now: readonly PodSchedulingGate[],
  old: readonly PodSchedulingGate[],
): void {
  for (const [i, { name }] of now.entries())
    if (!old.some((gate) => gate.name === name))
      errors.push(
        forbidden(
          specPath.child('schedulingGates').index(i).child('name'),
          `only deletion is allowed, but found new scheduling gate '${name}'`,
        ),
      );
}

/** Requirements may follow those that are there. */
function onlyAdds(now: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const;
  const length = (term: NodeSelectorTerm) => lists.reduce((sum, list) => sum + (term[list] ?? []).length, 0);
  // An empty term selects nothing: a requirement would widen it.
  if (length(old) === 0 && length(now) > 0) return false;
  return lists.every((list) => same((now[list] ?? []).slice(0, (old[list] ?? []).length), old[list] ?? []));
}

/** While a pod is gated its node affinity may become narrower. */
function checkNodeAffinity(errors: FieldErrorList, now: NodeAffinity | undefined, old: NodeAffinity | undefined): void {
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (before.length === 0) return;
  const after = now?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const at = specPath.child(
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
    'nodeSelectorTerms',
  );
  if (before.length !== after.length) {
    const shown = after.length === 0 ? null : goValue('NodeSelectorTerm', after);
    errors.push(invalid(at, shown, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'));
    return;
  }
  for (const [i, term] of before.entries()) {
    const next = after[i] as NodeSelectorTerm;
    if (!onlyAdds(next, term))
      errors.push(
        invalid(
          at.index(i),
          goValue('NodeSelectorTerm', next),
          'only additions are allowed (no mutations or deletions)',
        ),
      );
  }
}

/** The new spec with what a gated pod may change put back, after a look at it. */
function unGated(errors: FieldErrorList, { spec }: Pod, old: Pod): object {
  const { nodeSelector = {} } = spec;
  const before = old.spec.nodeSelector ?? {};
  if (Object.keys(before).some((key) => nodeSelector[key] !== before[key]))
    errors.push(
      invalid(
        specPath.child('nodeSelector'),
        spec.nodeSelector ?? null,
        'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      ),
    );
  checkNodeAffinity(errors, spec.affinity?.nodeAffinity, old.spec.affinity?.nodeAffinity);
  const affinity = { ...spec.affinity, nodeAffinity: old.spec.affinity?.nodeAffinity };
  const empty = Object.values(affinity).every((each) => each === undefined) && !old.spec.affinity;
  return { nodeSelector: old.spec.nodeSelector, affinity: empty ? undefined : affinity };
}

export function validatePodUpdate(pod: Pod, old: Pod): FieldErrorList {
  const errors: FieldErrorList = [];
  validateWholePod(errors, pod, old);
  validateAnnotationChanges(
    errors,
    pod.metadata.annotations,
    old.metadata.annotations,
    metadataPath.child('annotations'),
  );
  const { spec } = pod;
  for (const list of ['containers', 'initContainers'] as const)
    if (!checkContainers(errors, spec[list] ?? [], old.spec[list] ?? [], specPath.child(list))) return errors;
  if (!checkDeadline(errors, spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds)) return errors;
  checkTolerations(errors, spec.tolerations ?? [], old.spec.tolerations ?? []);
  checkGates(errors, spec.schedulingGates ?? [], old.spec.schedulingGates ?? []);
  if (same(spec, old.spec)) return errors;
  const images = (list: 'containers' | 'initContainers') =>
    spec[list]?.map((container, i) => ({ ...container, image: old.spec[list]?.[i]?.image }));
  const masked: Record<string, unknown> = {
    ...spec,
    containers: images('containers'),
    initContainers: images('initContainers'),
    activeDeadlineSeconds: old.spec.activeDeadlineSeconds,
    tolerations: old.spec.tolerations,
    schedulingGates: old.spec.schedulingGates,
    ...((old.spec.schedulingGates ?? []).length > 0 ? unGated(errors, pod, old) : {}),
  };
  if ((old.spec.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1)
    masked['terminationGracePeriodSeconds'] = old.spec.terminationGracePeriodSeconds;
  const changes = describeChange(old.spec, JSON.parse(JSON.stringify(masked)));
  if (changes.length > 0)
    errors.push(
      forbidden(specPath, `pod updates may not change fields other than ${mutableFields}\n${changes.join('\n')}\n`),
    );
  return errors;
}
