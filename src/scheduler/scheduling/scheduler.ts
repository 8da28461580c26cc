// The loop: take a pod, decide, assume, bind. Upstream: pkg/scheduler schedule_one.go.
//
// Invariants: deciding and assuming happen in one turn, so no two pods are promised the same room; bindings run side by side and never hold up the next decision;
// a pod whose attempt failed is back in the queue with the plugins that rejected it.

import type { Pod } from '../../api/generated/types.ts';
import { causeOf, referenceTo } from '../../client/index.ts';
import { rfc3339, sleep } from '../../env/clock.ts';
import type { Env, Json } from '../../env/env.ts';
import type { TraceContext } from '../../env/trace.ts';
import type { SchedulerCache } from '../cache/cache.ts';
import { fitErrorMessage } from '../framework/fit-error.ts';
import type { Framework } from '../framework/framework.ts';
import { CycleState, type Diagnosis, type QueuedPod, type Status } from '../framework/types.ts';
import type { SchedulingQueue } from '../queue/scheduling-queue.ts';
import type { Algorithm, Decision } from './algorithm.ts';

/** What the loop does to the world outside. */
export interface SchedulerActions {
  /** The pod as the API server has it now, from the cache; undefined if it is gone. */
  current(pod: Pod): Pod | undefined;
  event(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, trace: TraceContext): void;
  patchStatus(pod: Pod, status: object, trace: TraceContext): Promise<void>;
  onError(pod: Pod, error: unknown): void;
}

export interface SchedulerParts {
  env: Env;
  cache: SchedulerCache;
  queue: SchedulingQueue;
  framework: Framework;
  algorithm: Algorithm;
  actions: SchedulerActions;
  /** By pod, while its decision is carried out: writes of the binder and of preemption carry the span. */
  spans: Map<string, TraceContext>;
  /** A nomination was made (node) or withdrawn (undefined). */
  nominate(pod: Pod, nodeName: string | undefined): void;
}

export async function runScheduler(parts: SchedulerParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let queued: QueuedPod;
    try {
      queued = await parts.queue.pop(signal);
    } catch {
      return;
    }
    await scheduleOne(parts, queued, signal);
  }
}

async function scheduleOne(parts: SchedulerParts, queued: QueuedPod, signal: AbortSignal): Promise<void> {
  const { env, cache, queue, actions } = parts;
  const uid = queued.pod.metadata.uid ?? '';
  const context = env.trace.span();
  const dequeued = env.trace.gate({
    gate: 'dequeue',
    context,
    subject: referenceTo(queued.pod),
    causes: [causeOf(queued.pod)],
    saw: { attempts: queued.attempts, ...queue.sizes },
    will: 'find a node for it',
  });
  if (dequeued) await dequeued;
  const pod = actions.current(queued.pod);
  if (!pod || pod.metadata.deletionTimestamp || pod.spec.nodeName || cache.isAssumed(uid)) {
    queue.done(uid);
    return;
  }
  const state = new CycleState();
  const decision = parts.algorithm.decide(state, pod);
  if ('nodeName' in decision) {
    cache.assume(pod, decision.nodeName);
    const held = env.trace.gate({
      gate: 'schedule',
      context,
      subject: referenceTo(pod),
      ...explain(decision),
      causes: [causeOf(pod)],
    });
    if (held) await held;
    const reserved = parts.framework.reserve(state, pod, decision.nodeName);
    if (reserved) await bindingFailed(parts, queued, pod, decision.nodeName, state, reserved, context);
    else void bind(parts, queued, pod, decision.nodeName, state, context, signal);
    return;
  }
  const held = env.trace.gate({
    gate: 'schedule',
    context,
    subject: referenceTo(pod),
    ...explain(decision),
    causes: [causeOf(pod)],
  });
  if (held) await held;
  parts.spans.set(uid, context); // evictions are its doing
  await failed(parts, queued, pod, state, decision.diagnosis, context).catch((error) => actions.onError(pod, error));
  parts.spans.delete(uid);
}

async function bind(
  parts: SchedulerParts,
  queued: QueuedPod,
  pod: Pod,
  nodeName: string,
  state: CycleState,
  context: TraceContext,
  signal: AbortSignal,
): Promise<void> {
  const { env, cache, queue, framework, actions, spans } = parts;
  const uid = pod.metadata.uid ?? '';
  spans.set(uid, context);
  try {
    const permitted = framework.permit(state, pod, nodeName);
    if (permitted.wait) await sleep(env.clock, Math.max(...permitted.wait.map(({ timeout }) => timeout)), signal);
    const held = env.trace.gate({
      gate: 'bind',
      context,
      subject: referenceTo(pod),
      will: `bind to ${nodeName}`,
      detail: { node: nodeName },
    });
    const refused = permitted.status ?? (await framework.preBind(state, pod, nodeName));
    if (held) await held;
    const status = refused ?? (await framework.bind(state, pod, nodeName));
    if (status) {
      await bindingFailed(parts, queued, pod, nodeName, state, status, context);
      return;
    }
    cache.finishBinding(uid);
    queue.done(uid);
    parts.nominate(pod, undefined);
    framework.postBind(state, pod, nodeName);
    actions.event(
      pod,
      'Normal',
      'Scheduled',
      `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${nodeName}`,
      context,
    );
  } catch (error) {
    await bindingFailed(parts, queued, pod, nodeName, state, { code: 'Error', reasons: [String(error)] }, context);
  } finally {
    spans.delete(uid);
  }
}

async function bindingFailed(
  parts: SchedulerParts,
  queued: QueuedPod,
  pod: Pod,
  nodeName: string,
  state: CycleState,
  status: Status,
  context: TraceContext,
): Promise<void> {
  parts.framework.unreserve(state, pod, nodeName);
  parts.cache.forget(pod.metadata.uid ?? '');
  const rejectedBy = new Set(status.code === 'Error' || !status.plugin ? [] : [status.plugin]);
  parts.queue.reject(queued, rejectedBy);
  parts.queue.happened('pod delete');
  if (status.code === 'Error') parts.actions.onError(pod, new Error(status.reasons.join(', ')));
  else parts.actions.event(pod, 'Warning', 'FailedScheduling', status.reasons.join(', '), context);
}

async function failed(
  parts: SchedulerParts,
  queued: QueuedPod,
  pod: Pod,
  state: CycleState,
  diagnosis: Diagnosis,
  context: TraceContext,
): Promise<void> {
  const { framework, cache, queue, actions, env } = parts;
  const nodeCount = cache.nodes().length;
  let postFilterMessage = '';
  let nominatedNodeName: string | undefined;
  if (nodeCount > 0) {
    for (const plugin of framework.plugins) {
      const result = await plugin.postFilter?.(state, pod, diagnosis.rejected);
      if (!result) continue;
      postFilterMessage = result.message;
      nominatedNodeName = result.nominatedNodeName;
    }
  }
  const message =
    nodeCount === 0 ? 'no nodes available to schedule pods' : fitErrorMessage(nodeCount, diagnosis, postFilterMessage);
  if (nominatedNodeName) parts.nominate(pod, nominatedNodeName);
  queue.reject(queued, diagnosis.rejectedBy.size > 0 ? diagnosis.rejectedBy : new Set(['*']));
  actions.event(pod, 'Warning', 'FailedScheduling', message, context);
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
  const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const nominatedBefore = pod.status?.nominatedNodeName;
  if (
    known?.status === 'False' &&
    known.message === message &&
    known.reason === 'Unschedulable' &&
    (nominatedNodeName ?? nominatedBefore) === nominatedBefore
  )
    return;
  const lastTransitionTime = known?.status === 'False' ? known.lastTransitionTime : rfc3339(env.clock.now());
  const status = {
    conditions: [{ ...condition, lastTransitionTime, lastProbeTime: null }],
    ...(nominatedNodeName ? { nominatedNodeName } : {}),
  };
  await actions.patchStatus(pod, status, context);
}

/** A decision as the trace shows it: per node the reasons against, or the score and what it is made of. */
function explain(decision: Decision): { saw: Json; will: string; detail: Json } {
  const rejected = 'nodeName' in decision ? decision.rejected : decision.diagnosis.rejected;
  const refusals = [...rejected]
    .slice(0, 50)
    .map(([node, status]) => ({ node, plugin: status.plugin ?? '', reasons: status.reasons }));
  if (!('nodeName' in decision))
    return {
      saw: { feasible: 0, rejected: rejected.size },
      will: 'wait: no node fits',
      detail: { rejected: refusals },
    };
  const scores = [...decision.totals]
    .sort((a, b) => b.total - a.total)
    .slice(0, 50)
    .map(({ name, total, parts }) => ({ node: name, total, parts }));
  return {
    saw: { feasible: decision.feasible, evaluated: decision.evaluated, rejected: rejected.size },
    will: `bind to ${decision.nodeName}`,
    detail: { scores, rejected: refusals },
  };
}
