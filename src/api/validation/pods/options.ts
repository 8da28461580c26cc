// What the judgement of a pod's spec depends on beside the spec (pkg/api/pod: GetValidationOptionsFromPodSpecAndMeta).
//
// An update may keep what was accepted once and would no longer be: checks that upstream tightened later ask the old spec before they complain.

import type { ObjectMeta, PodSpec } from '../../generated/types.ts';

export interface PodOptions {
  /** A Pod, not a template in another kind. */
  readonly isPod?: boolean;
  /** Metadata of the pod; a template has none that counts. */
  readonly metadata?: ObjectMeta;
  /** The spec and the annotations before an update. */
  readonly old?: PodSpec;
  readonly oldAnnotations?: Record<string, string>;
}

/** The old spec had the flaw already. */
export const hadFlaw = ({ old }: PodOptions, has: (spec: PodSpec) => boolean): boolean => old !== undefined && has(old);
