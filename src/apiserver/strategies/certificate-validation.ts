// What CertificateSigningRequests must be, and what each of their endpoints may change (pkg/apis/certificates/validation).
//
// Invariants: no decision, once made, is taken back; approvers do not sign, signers do not approve; what was wrong before may stay so.

import { DerError, derElement, pemBytes } from '../../api/der.ts';
import {
  duplicate,
  type FieldErrorList,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
} from '../../api/field-error.ts';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../api/generated/types.ts';
import { validateSignerName } from '../../api/validation/signer-name.ts';
import { deepEqual } from '../object.ts';

type Endpoint = 'main' | 'approval' | 'status';

const spec = path('spec');
const conditionsPath = path('status', 'conditions');
const certificatePath = path('status', 'certificate');
const legacySigner = 'kubernetes.io/legacy-unknown';
const decisions = ['Approved', 'Denied'];
const final = [...decisions, 'Failed'];
const minSeconds = 600;

/** In the order of sorted sets. */
const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

function textOf(base64: string | undefined): string {
  try {
    return atob(base64 ?? '');
  } catch {
    return '';
  }
}

const sequence = 0x30;

/** As Go's parser says it, with its view of the tag. */
const wrongTag = (tag: number, length: number, offset: number): string =>
  `asn1: structure error: tags don't match (16 vs {class:${tag >> 6} tag:${tag & 0x1f} length:${length} isCompound:${(tag & 0x20) !== 0}}) {optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 set:false omitEmpty:false} certificateRequest @${offset}`;

/** Why the bytes are no certificate request; its signature is its signer's to look at. */
function requestProblem(request: string | undefined): string | undefined {
  const noRequest = 'PEM block type must be CERTIFICATE REQUEST';
  const text = textOf(request);
  const label = /-----BEGIN ([^-]+)-----/.exec(text)?.[1];
  if (label !== 'CERTIFICATE REQUEST') return noRequest;
  let bytes: Uint8Array | undefined;
  try {
    bytes = pemBytes(text, label);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
  }
  if (!bytes) return noRequest;
  try {
    const { tag, start, end } = derElement(bytes, 0);
    if (tag !== sequence) return wrongTag(tag, end - start, start);
    return end === bytes.length ? undefined : 'asn1: syntax error: trailing data';
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return 'asn1: syntax error: data truncated';
  }
}

function certificateProblem(certificate: string | undefined): string | undefined {
  if (!certificate) return undefined;
  const text = textOf(certificate);
  const blocks = [...text.matchAll(/-----BEGIN ([^-]+)-----([\s\S]*?)-----END \1-----/g)];
  for (const [, label, body = ''] of blocks) {
    if (label !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(label)}`;
    if (/^[\r\n]*[^\r\n]*:/.test(body)) return 'no PEM block headers are permitted';
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}

const conditionsOf = (it: CertificateSigningRequest): CertificateSigningRequestCondition[] =>
  it.status?.conditions ?? [];
const ofType = (it: CertificateSigningRequest | undefined, type: string) =>
  it ? conditionsOf(it).filter((condition) => condition.type === type) : [];
const repeated = (list: readonly string[]) => new Set(list).size < list.length;

/** Errors of a request as it is; what `old` has wrong already is let be. */
export function validateRequest(
  it: CertificateSigningRequest,
  old: CertificateSigningRequest | undefined,
): FieldErrorList {
  const errors: FieldErrorList = [];
  const { request, signerName = '', expirationSeconds } = it.spec;
  const problem = requestProblem(request);
  if (problem) errors.push(invalid(spec.child('request'), request ?? null, problem));
  validateUsages(errors, it.spec.usages ?? [], old?.spec.usages ?? []);
  if (signerName === legacySigner && old?.spec.signerName !== legacySigner)
    errors.push(
      invalid(spec.child('signerName'), signerName, 'the legacy signerName is not allowed via this API version'),
    );
  else validateSignerName(errors, spec.child('signerName'), signerName);
  if (expirationSeconds !== undefined && expirationSeconds < minSeconds)
    errors.push(
      invalid(
        spec.child('expirationSeconds'),
        expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    );
  validateConditions(errors, conditionsOf(it), old);
  const certificate = it.status?.certificate;
  const tolerated = old && (old.status?.certificate === certificate || certificateProblem(old.status?.certificate));
  const wrong = tolerated ? undefined : certificateProblem(certificate);
  if (wrong) errors.push(invalid(certificatePath, '<certificate data>', wrong));
  return errors;
}

function validateUsages(errors: FieldErrorList, list: readonly string[], old: readonly string[]): void {
  const at = spec.child('usages');
  if (list.length === 0) errors.push(required(at));
  if (old.every((usage) => usages.includes(usage)))
    for (const [i, usage] of list.entries())
      if (!usages.includes(usage)) errors.push(notSupported(at.index(i), usage, usages));
  if (repeated(old)) return;
  for (const [i, usage] of list.entries()) if (list.indexOf(usage) < i) errors.push(duplicate(at.index(i), usage));
}

function validateConditions(
  errors: FieldErrorList,
  conditions: readonly CertificateSigningRequestCondition[],
  old: CertificateSigningRequest | undefined,
): void {
  const before = (old ? conditionsOf(old) : []).map(({ type }) => type);
  const both = decisions.every((decision) => before.includes(decision));
  const seen = new Set<string>();
  for (const [i, { type = '', status = '' }] of conditions.entries()) {
    const at = conditionsPath.index(i);
    if (type === '' && !before.includes('')) errors.push(required(at.child('type')));
    const allowed = final.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (status === '') errors.push(required(at.child('status')));
    else if (!allowed.includes(status)) errors.push(notSupported(at.child('status'), status, allowed));
    const other = decisions.find((decision) => decision !== type && decisions.includes(type));
    if (!both && other && seen.has(other))
      errors.push(invalid(conditionsPath, type, 'Approved and Denied conditions are mutually exclusive'));
    if (seen.has(type) && !repeated(before)) errors.push(duplicate(at.child('type'), type));
    seen.add(type);
  }
}

/** Errors of a change through an endpoint. */
export function validateRequestUpdate(
  it: CertificateSigningRequest,
  old: CertificateSigningRequest,
  endpoint: Endpoint,
): FieldErrorList {
  const errors = validateRequest(it, old);
  const may = (what: string) => errors.push(forbidden(conditionsPath, `updates may not ${what}`));
  for (const type of final)
    if (ofType(it, type).length < ofType(old, type).length) may(`remove a condition of type "${type}"`);
  if (endpoint !== 'approval')
    for (const type of decisions) {
      const [now, before] = [ofType(it, type), ofType(old, type)];
      if (now.length > before.length) may(`add a condition of type "${type}"`);
      else if (now.length === before.length && !deepEqual(now, before)) may(`modify a condition of type "${type}"`);
    }
  const [now = '', before = ''] = [it.status?.certificate, old.status?.certificate];
  if (now === before) return errors;
  if (endpoint !== 'status') errors.push(forbidden(certificatePath, 'updates may not set certificate content'));
  else if (before !== '')
    errors.push(forbidden(certificatePath, 'updates may not modify existing certificate content'));
  return errors;
}
