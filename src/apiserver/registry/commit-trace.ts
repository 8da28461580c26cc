// Says in the trace what is about to be written and, once it is, as which revision: the causal link between a client's span and the revision it made.

import type { ObjectReference } from '../../env/trace.ts';
import type { KubeObject } from '../object.ts';
import type { RequestContext } from '../server/context.ts';
import type { Entry } from '../storage/entry.ts';
import type { CommitObserver } from '../storage/store.ts';

function reference({ apiVersion, kind, metadata }: KubeObject): ObjectReference {
  const out: ObjectReference = { apiVersion, kind, name: metadata.name };
  if (metadata.namespace) out.namespace = metadata.namespace;
  if (metadata.uid) out.uid = metadata.uid;
  return out;
}

/** An observer that passes the gate "write" and records "committed". */
export function commitObserver(context: RequestContext, verb: string): CommitObserver {
  const { env, user, span, parentSpanId, info } = context;
  const inWords = (object: KubeObject) => {
    const { kind, metadata } = object;
    const where = metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
    return `${verb} ${kind}${info.subresource ? `/${info.subresource}` : ''} ${where}`;
  };
  const base = { context: span, ...(parentSpanId !== undefined && { parentSpanId }) };
  return {
    before(_key, object, previous) {
      if (!env.trace.wants('write')) return undefined;
      const about = object ?? previous?.object;
      if (!about) return undefined;
      return env.trace.gate({
        gate: 'write',
        ...base,
        subject: reference(about),
        will: inWords(about),
        detail: { user: user.name, verb },
        ...(previous && {
          causes: [{ resourceVersion: String(previous.revision), object: reference(previous.object) }],
        }),
      });
    },
    after(_key, revision, object, previous: Entry | undefined) {
      if (!env.trace.wants('committed')) return;
      const about = object ?? previous?.object;
      if (!about) return;
      env.trace.record({
        gate: 'committed',
        ...base,
        subject: { ...reference(about), resourceVersion: String(revision) },
        will: inWords(about),
        detail: { user: user.name, verb, ...(previous && { replaced: String(previous.revision) }) },
      });
    },
  };
}
