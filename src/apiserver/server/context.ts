// What is known about one request while it is served: who, what, since when, and the span it belongs to.

import type { Env } from '../../env/env.ts';
import type { TraceContext } from '../../env/trace.ts';
import type { Flow } from '../flowcontrol/classifier.ts';
import type { RequestInfo } from './request-info.ts';

export interface UserInfo {
  name: string;
  uid: string;
  groups: string[];
  extra: Record<string, string[]>;
}

export interface RequestContext {
  env: Env;
  request: Request;
  url: URL;
  info: RequestInfo;
  user: UserInfo;
  /** The span of serving this request. */
  span: TraceContext;
  /** The client's span, from traceparent. */
  parentSpanId: string | undefined;
  /** Warning headers to send with the answer (RFC 7234, code 299), each text once. */
  warnings: Set<string>;
  /** What it falls under; nothing before it is known who asks, nor for what takes long. */
  flow?: Flow;
  /** Notes of admission for the audit event. */
  annotations?: Map<string, string>;
}

/** The component itself, when it writes without a request (bootstrapping). */
export const loopbackUser: UserInfo = {
  name: 'system:apiserver',
  uid: '',
  groups: ['system:authenticated', 'system:masters'],
  extra: {},
};
