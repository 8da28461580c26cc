// One call of an admission webhook: the AdmissionReview that is sent, where it goes, and what an answer may be
// (apiserver/pkg/admission/plugin/webhook/request, pkg/util/webhook).
//
// Invariants: a call ends by the webhook's timeout on the server's clock; an answer that is not of the version asked is an error of the call, not a decision.

import type { Status } from '../../../api/generated/types.ts';
import { textOfBase64 } from '../../../env/base64.ts';
import { randomUuid } from '../../../env/random.ts';
import type { Core } from '../../server/core.ts';
import { dialFrom } from '../../streams/dial.ts';
import { type Connection, exchangeHttp } from '../../streams/http1.ts';
import { pickEndpoint } from '../../subresources/proxy.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { admissionRequest } from '../expressions.ts';
import type { Matched } from '../matching.ts';
import type { WebhookClient } from '../webhook-client-validation.ts';

/** The webhook could not be asked, or gave no usable answer. */
export class CallError extends Error {}

export interface Answer {
  allowed: boolean;
  status: Status | undefined;
  /** JSON patch as text, for mutating webhooks. */
  patch: string | undefined;
  warnings: string[];
  annotations: Record<string, string>;
}

export interface Callee {
  name: string;
  clientConfig: WebhookClient;
  admissionReviewVersions: readonly string[];
  timeoutSeconds?: number;
}

/** Sends JSON to a URL or a Service and reads JSON back. Rejects with a CallError. */
export async function postJson(
  core: Core,
  context: AdmissionAttributes['context'],
  { url, service, caBundle }: WebhookClient,
  body: unknown,
  timeoutSeconds: number,
): Promise<unknown> {
  const { env, config } = core;
  const abort = new AbortController();
  const ca = caBundle ? textOfBase64(caBundle) : undefined;
  const shown =
    url ?? `https://${service?.name}.${service?.namespace}.svc:${service?.port ?? 443}${service?.path ?? '/'}`;
  const failure = (why: string) => new CallError(`Post "${shown}?timeout=${timeoutSeconds}s": ${why}`);
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const text = JSON.stringify(body);
  let cancel = () => {};
  const expired = new Promise<never>((_resolve, reject) => {
    cancel = env.clock.after(timeoutSeconds * 1000, () => {
      abort.abort();
      reject(failure('context deadline exceeded'));
    });
  });
  const send = async (): Promise<unknown> => {
    let response: Response;
    try {
      if (service) {
        const { namespace, name, port = 443, path = '/' } = service;
        const { node, address, port: target } = await pickEndpoint(core, context, namespace, name, String(port));
        const connection = await dialFrom(core, context, node, address, target);
        response = await exchangeHttp(await secured(core, connection, `${name}.${namespace}.svc`, ca), {
          method: 'POST',
          path: `${path.startsWith('/') ? path : `/${path}`}?timeout=${timeoutSeconds}s`,
          headers: new Headers({ ...headers, host: `${name}.${namespace}.svc` }),
          body: new TextEncoder().encode(text),
        });
      } else {
        const target = new URL(url as string);
        target.searchParams.set('timeout', `${timeoutSeconds}s`);
        const init = { method: 'POST', headers, body: text, signal: abort.signal };
        response = await (config.fetch ?? ((to, options) => env.network.fetch(to, options)))(target.href, init, ca);
      }
    } catch (error) {
      const why = reasonOf(error as Error).replace(/^services /, 'service ');
      throw failure(why.replace(/^no service port "(\d+)"/, 'no service port $1'));
    }
    const answer = await response.text();
    if (!response.ok)
      throw new CallError(
        `the server responded with the status code ${response.status} but did not return more information`,
      );
    try {
      return JSON.parse(answer);
    } catch (error) {
      throw new CallError((error as Error).message);
    }
  };
  try {
    return await Promise.race([send(), expired]);
  } finally {
    cancel();
  }
}

/** What went wrong with a connection, as Go words it; fetch itself says little. */
function reasonOf(error: Error): string {
  const { code, address, port, hostname } = (error.cause ?? {}) as Record<string, string | undefined>;
  const at = `dial tcp ${address?.includes(':') ? `[${address}]` : address}:${port}`;
  switch (code) {
    case 'ECONNREFUSED':
      return `${at}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `${at}: connect: no route to host`;
    case 'ETIMEDOUT':
      return `${at}: i/o timeout`;
    case 'ENOTFOUND':
      return `dial tcp: lookup ${hostname}: no such host`;
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'EOF';
    default:
      return error.message;
  }
}

/** The connection to a Service's pod with TLS on it, where there is TLS. */
async function secured(
  { config }: Core,
  connection: Connection,
  serverName: string,
  ca: string | undefined,
): Promise<Connection> {
  if (config.secure) return config.secure(connection, { serverName, ...(ca !== undefined && { ca }) });
  if (ca === undefined) return connection;
  throw new TypeError(
    'there is no TLS here, so that the caBundle cannot be heeded: leave it out, and the Service is called over plain HTTP',
  );
}

interface Response1 {
  uid?: string;
  allowed?: boolean;
  status?: Status;
  patch?: string;
  patchType?: string;
  warnings?: string[];
  auditAnnotations?: Record<string, string>;
}

/** Asks a webhook. Rejects with a CallError. */
export async function callWebhook(
  core: Core,
  { clientConfig, admissionReviewVersions, timeoutSeconds = 10 }: Callee,
  attributes: AdmissionAttributes,
  matched: Matched,
  mutating: boolean,
): Promise<Answer> {
  const version = admissionReviewVersions.find((each) => each === 'v1' || each === 'v1beta1');
  if (!version) throw new CallError('could not create admission objects: no accepted review versions');
  const apiVersion = `admission.k8s.io/${version}`;
  const uid = randomUuid(core.env.random);
  const review = {
    kind: 'AdmissionReview',
    apiVersion,
    request: {
      uid,
      ...admissionRequest(attributes, matched),
      object: matched.object ?? null,
      oldObject: matched.old ?? null,
    },
  };
  const answer = await postJson(core, attributes.context, clientConfig, review, timeoutSeconds).catch((error) => {
    throw error instanceof CallError ? new CallError(`failed to call webhook: ${error.message}`) : error;
  });
  return verify(answer as Partial<Review1>, uid, version, mutating);
}

interface Review1 {
  kind: string;
  apiVersion: string;
  response: Response1;
}

function verify(answer: Partial<Review1>, uid: string, version: string, mutating: boolean): Answer {
  const wrong = (why: string) => new CallError(`received invalid webhook response: ${why}`);
  const { response } = answer ?? {};
  if (!response) throw wrong('webhook response was absent');
  if (version === 'v1') {
    if (response.uid !== uid)
      throw wrong(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`);
    if (answer.kind !== 'AdmissionReview' || answer.apiVersion !== 'admission.k8s.io/v1')
      throw wrong(
        `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${answer.apiVersion ?? ''}, Kind=${answer.kind ?? ''}`,
      );
    if (!mutating && response.patch) throw wrong('validating webhook may not return response.patch');
    if (!mutating && response.patchType) throw wrong('validating webhook may not return response.patchType');
    if (response.patch && !response.patchType)
      throw wrong('webhook returned response.patch but not response.patchType');
    if (!response.patch && response.patchType)
      throw wrong('webhook returned response.patchType but not response.patch');
    if (response.patchType && response.patchType !== 'JSONPatch')
      throw new CallError(`unsupported patch type ${JSON.stringify(response.patchType)}`);
  }
  let patch: string | undefined;
  if (mutating && response.patch) {
    try {
      patch = textOfBase64(response.patch);
      if (!Array.isArray(JSON.parse(patch))) throw new Error('not a list of operations');
    } catch (error) {
      throw new CallError(`received undecodable patch in webhook response: ${(error as Error).message}`);
    }
  }
  return {
    allowed: response.allowed === true,
    status: response.status,
    patch,
    warnings: response.warnings ?? [],
    annotations: response.auditAnnotations ?? {},
  };
}
