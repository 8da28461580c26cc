// What controllers, the scheduler, kubelets and proxies are written with.

export { Backoff, type BackoffOptions, jittered } from './backoff.ts';
export {
  nodeSelectorMatches,
  nodeSelectorTermMatches,
  requiredNodeAffinityMatches,
} from './component-helpers/node-affinity.ts';
export { findUntoleratedTaint, podToleratesTaints, tolerates } from './component-helpers/taints.ts';
export {
  type Controller,
  type ControllerOptions,
  newController,
  type Plan,
  type Reconcile,
  type ReconcileContext,
  type ReconcileResult,
} from './controller.ts';
export { type ClaimOptions, claimObjects } from './controller-ref-manager.ts';
export { type DiscoveredResource, type DiscoveryResult, discoverResources, resourceForKind } from './discovery.ts';
export * from './errors.ts';
export { type EventRecorder, newEventRecorder } from './event-recorder.ts';
export { Expectations } from './expectations.ts';
export { Indexer, type IndexFunction, type Lister, namespaceIndex } from './indexer.ts';
export { InformerFactory, type InformerFactoryOptions, type Selection } from './informer-factory.ts';
export { causeOf, keyOf, namespacedKey, referenceTo, splitKey } from './keys.ts';
export { type LeaderElectionOptions, LeaderElector, runLeaderElection } from './leader-election.ts';
export { controllerUidIndex, getControllerOf, isControlledBy, newControllerRef } from './owner-references.ts';
export {
  bucketRateLimiter,
  defaultControllerRateLimiter,
  exponentialRateLimiter,
  maxOfRateLimiters,
  type RateLimiter,
} from './rate-limiter.ts';
export { Reflector, type ReflectorOptions, type ReflectorSink } from './reflector.ts';
export * from './resources.ts';
export {
  type CallOptions,
  type ListOptions,
  type ObjectKey,
  type ObjectList,
  type PatchType,
  type RequestOptions,
  RestClient,
  type RestConfig,
  type WatchOptions,
} from './rest-client.ts';
export { type EventHandler, type HandlerOptions, type InformerOptions, SharedInformer } from './shared-informer.ts';
export type { WatchEvent } from './watch-stream.ts';
export { type WorkItem, WorkQueue, type WorkQueueOptions } from './work-queue.ts';
