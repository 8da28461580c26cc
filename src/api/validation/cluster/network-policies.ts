// Validation of NetworkPolicies (pkg/apis/networking/validation: ValidateNetworkPolicy, ValidateNetworkPolicyUpdate).

import { type FieldErrorList, type FieldPath, forbidden, invalid, notSupported, required } from '../../field-error.ts';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../generated/types.ts';
import { cidrContains, parseCidrBlock } from '../../ip.ts';
import { isValidPortName, isValidPortNum } from '../../names.ts';
import { check, oneOf, specPath } from '../common.ts';
import { checkCidr } from '../ip.ts';
import { checkSelector } from './selectors.ts';

const directions = [
  ['ingress', 'from'],
  ['egress', 'to'],
] as const;

/** What an update may keep: blocks and selectors that were there before. */
interface Kept {
  cidrs: readonly string[];
  selector?: NetworkPolicy;
}

export const validateNetworkPolicy = (policy: NetworkPolicy): FieldErrorList => validate(policy, { cidrs: [] });

export const validateNetworkPolicyUpdate = (policy: NetworkPolicy, old: NetworkPolicy): FieldErrorList =>
  validate(policy, { cidrs: blocksOf(old).flatMap(({ cidr, except = [] }) => [cidr, ...except]), selector: old });

export function blocksOf({ spec }: NetworkPolicy): IPBlock[] {
  const peers = [
    ...(spec?.ingress ?? []).flatMap(({ from }) => from ?? []),
    ...(spec?.egress ?? []).flatMap(({ to }) => to ?? []),
  ];
  return peers.flatMap(({ ipBlock }) => ipBlock ?? []);
}

function validate({ spec }: NetworkPolicy, kept: Kept): FieldErrorList {
  const errors: FieldErrorList = [];
  const old = kept.selector?.spec?.podSelector;
  checkSelector(errors, specPath.child('podSelector'), spec?.podSelector, old);
  for (const [direction, peersField] of directions) {
    const rules = (spec?.[direction] ?? []) as {
      ports?: NetworkPolicyPort[];
      from?: NetworkPolicyPeer[];
      to?: NetworkPolicyPeer[];
    }[];
    for (const [i, rule] of rules.entries()) {
      const at = specPath.child(direction).index(i);
      for (const [j, port] of (rule.ports ?? []).entries()) checkPort(errors, at.child('ports').index(j), port);
      for (const [j, peer] of (rule[peersField] ?? []).entries())
        checkPeer(errors, at.child(peersField).index(j), peer, kept);
    }
  }
  const types = spec?.policyTypes ?? [];
  if (types.length > 2) {
    errors.push(invalid(specPath.child('policyTypes'), types, 'may not specify more than two policyTypes'));
    return errors;
  }
  for (const [i, type] of types.entries())
    if (type !== 'Ingress' && type !== 'Egress')
      errors.push(notSupported(specPath.child('policyTypes').index(i), type, ['Ingress', 'Egress']));
  return errors;
}

function checkPort(errors: FieldErrorList, at: FieldPath, { protocol, port, endPort }: NetworkPolicyPort): void {
  oneOf(errors, at.child('protocol'), protocol, ['TCP', 'UDP', 'SCTP']);
  const end = at.child('endPort');
  if (typeof port === 'number') {
    for (const message of isValidPortNum(port)) errors.push(invalid(at.child('port'), port, message));
    if (endPort === undefined) return;
    if (endPort < port) errors.push(invalid(end, endPort, 'must be greater than or equal to `port`'));
    for (const message of isValidPortNum(endPort)) errors.push(invalid(end, endPort, message));
  } else if (port !== undefined) {
    if (endPort !== undefined) errors.push(invalid(end, endPort, 'may not be specified when `port` is non-numeric'));
    check(errors, at.child('port'), port, isValidPortName);
  } else if (endPort !== undefined) {
    errors.push(invalid(end, endPort, 'may not be specified when `port` is not specified'));
  }
}

function checkPeer(errors: FieldErrorList, at: FieldPath, peer: NetworkPolicyPeer, kept: Kept): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  // any selector of this policy that was bad before lets all be so
  const old = kept.selector?.spec?.podSelector;
  checkSelector(errors, at.child('podSelector'), podSelector, old);
  checkSelector(errors, at.child('namespaceSelector'), namespaceSelector, old);
  if (ipBlock) checkBlock(errors, at.child('ipBlock'), ipBlock, kept.cidrs);
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(at, 'must specify a peer'));
  else if (ipBlock && (podSelector || namespaceSelector))
    errors.push(forbidden(at, 'may not specify both ipBlock and another peer'));
}

function checkBlock(
  errors: FieldErrorList,
  at: FieldPath,
  { cidr, except = [] }: IPBlock,
  old: readonly string[],
): void {
  if (!cidr) {
    errors.push(required(at.child('cidr')));
    return;
  }
  checkCidr(errors, at.child('cidr'), cidr, old);
  const block = parseCidrBlock(cidr);
  if (!block) return;
  for (const [i, text] of except.entries()) {
    const where = at.child('except').index(i);
    checkCidr(errors, where, text, old);
    const part = parseCidrBlock(text);
    if (part && (!cidrContains(block, part.ip) || block.bits >= part.bits))
      errors.push(invalid(where, text, 'must be a strict subset of `cidr`'));
  }
}
