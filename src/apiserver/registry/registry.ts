// The generic registry of one resource: create, get, update and delete with upstream's order of steps (apiserver/pkg/registry/generic/registry/store.go).
//
// Invariants: nothing is written that was not validated; an update is computed from, and written over, one known revision, and computed anew when it loses the
// race; a dry run goes through every step but the write.

import type { FieldErrorList } from '../../api/field-error.ts';
import { invalid, path } from '../../api/field-error.ts';
import type { ManagedFieldsEntry } from '../../api/generated/types.ts';
import {
  ApiError,
  isAlreadyExists,
  newAlreadyExists,
  newBadRequest,
  newConflict,
  newGenerateNameConflict,
  newInvalid,
  newNotFound,
  optimisticLockMessage,
  quote,
} from '../../api/status.ts';
import { rfc3339 } from '../../env/clock.ts';
import { randomUuid } from '../../env/random.ts';
import { deepEqual, encodeForStorage, type KubeObject } from '../object.ts';
import type { RequestContext } from '../server/context.ts';
import { ConvertedEntry, ConvertedStore, type ObjectStore } from '../storage/converted-store.ts';
import { Entry } from '../storage/entry.ts';
import type { CommitObserver, Store, WriteResult } from '../storage/store.ts';
import { commitObserver } from './commit-trace.ts';
import { type DeletionPlan, planDeletion } from './deletion.ts';
import { checkPreconditions, type DeleteOptions } from './preconditions.ts';
import type { ResourceInfo } from './resource.ts';
import type { Strategy } from './strategy.ts';
import { generatedName, keepSystemFields } from './system-fields.ts';

/** Schema-driven validation, from the floor below; plus what admission wants to see before a write. */
export interface Checks {
  validate(resource: ResourceInfo, object: KubeObject, old?: KubeObject, endpoint?: 'main' | 'status'): FieldErrorList;
}

export interface WriteOptions {
  dryRun: boolean;
  /** Runs after strategy and validation, just before the write (validating admission). */
  admit?: (object: KubeObject, old: KubeObject | undefined) => Promise<void>;
}

export interface UpdateOptions extends WriteOptions {
  /** '' for the main endpoint. Others skip the strategy's prepareForUpdate: the caller sees to what may change. */
  subresource: string;
  /** The new object counts something: that another writer has written the same does not make it ours. */
  exclusive?: boolean;
  /** The new object is given whole (PUT): the uid that it names is a precondition. */
  replaces?: boolean;
  /** Makes the object when there is none (PUT and apply on a name not there). */
  create?: () => Promise<KubeObject>;
  createOptions?: WriteOptions;
}

export interface UpdateResult {
  entry: Entry;
  created: boolean;
}

export class Registry {
  readonly resource: ResourceInfo;
  readonly store: Store;
  readonly strategy: Strategy;
  readonly #checks: Checks;
  readonly #objects: ObjectStore;
  /** Objects whose names were made here: when such a name is taken, another is tried. */
  readonly #generated = new WeakSet<KubeObject>();

  constructor(resource: ResourceInfo, store: Store, strategy: Strategy, checks: Checks) {
    this.resource = resource;
    this.store = store;
    this.strategy = strategy;
    this.#checks = checks;
    this.#objects = resource.conversion ? new ConvertedStore(store, resource.conversion) : store;
  }

  /** Whether stored objects must be converted to be seen at this version. */
  get converts(): boolean {
    return this.#objects instanceof ConvertedStore;
  }

  /** Entries of the store as this version has them. Throws what the conversion fails with. */
  async view(entries: readonly Entry[]): Promise<readonly Entry[]> {
    return this.#objects instanceof ConvertedStore ? this.#objects.view(entries) : entries;
  }

  key(namespace: string, name: string): string {
    return `${this.prefixOf(namespace)}${name}`;
  }

  /** Prefix of all keys, or of one namespace's. */
  prefixOf(namespace: string): string {
    const { storagePrefix, namespaced } = this.resource;
    return namespaced && namespace !== '' ? `${storagePrefix}${namespace}/` : storagePrefix;
  }

  /** Throws NotFound. */
  async get(namespace: string, name: string): Promise<Entry> {
    const entry = await this.find(namespace, name);
    if (!entry) throw newNotFound(this.resource.groupResource, name);
    return entry;
  }

  find(namespace: string, name: string): Promise<Entry | undefined> {
    return this.#objects.get(this.resource.storagePrefix, this.key(namespace, name));
  }

  /** For admission: from the cache, which may trail other servers' writes; from the store what the cache does not have. */
  async lookUp(namespace: string, name: string): Promise<Entry | undefined> {
    if (this.converts) return this.find(namespace, name);
    const recent = await this.store.recent(this.resource.storagePrefix);
    return recent?.entries.get(this.key(namespace, name)) ?? this.find(namespace, name);
  }

  /** Fills in what the system sets, after admission (rest.FillObjectMetaSystemFields and generateName). */
  fillSystemFields(object: KubeObject, context: RequestContext): void {
    const { metadata } = object;
    metadata.uid = randomUuid(context.env.random);
    metadata.creationTimestamp = rfc3339(context.env.clock.now());
    if (!metadata.generateName || metadata.name) return;
    metadata.name = generatedName(metadata.generateName, context);
    this.#generated.add(object);
  }

  /** Creates `object`, on which mutating admission and fillSystemFields have run. Throws AlreadyExists, Invalid. */
  async create(object: KubeObject, context: RequestContext, options: WriteOptions): Promise<Entry> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#create(object, context, options);
      } catch (error) {
        if (!isAlreadyExists(error) || !this.#generated.has(object) || attempt === maxNamesTried) throw error;
        object.metadata.name = generatedName(object.metadata.generateName ?? '', context);
      }
    }
  }

  async #create(object: KubeObject, context: RequestContext, options: WriteOptions): Promise<Entry> {
    const { strategy, resource } = this;
    const { metadata } = object;
    const generated = metadata.generateName !== undefined && metadata.generateName !== '';
    if (strategy.generation) metadata.generation = 1;
    else delete metadata.generation;
    if (strategy.hasStatus && !strategy.statusAtCreate) delete object['status'];
    strategy.prepareForCreate?.(object, context);
    const rollback = await strategy.beginCreate?.(object, context);
    try {
      this.#throwIfInvalid(object, [
        ...this.#checks.validate(resource, object),
        ...(strategy.validate?.(object) ?? []),
      ]);
      for (const warning of strategy.warnings?.(object, undefined) ?? []) context.warnings.add(warning);
      await options.admit?.(object, undefined);
      const key = this.key(metadata.namespace ?? '', metadata.name);
      if (metadata.resourceVersion) throw newBadRequest('resourceVersion should not be set on objects to be created');
      if (options.dryRun) {
        const there = await this.find(metadata.namespace ?? '', metadata.name);
        if (there) throw this.#exists(object, there, generated);
        return new Entry(key, 0, encodeForStorage(object));
      }
      const result = await this.#objects.create(key, object, this.observer(context, 'create'));
      if ('conflict' in result) throw this.#exists(object, result.conflict, generated);
      return result.entry;
    } catch (error) {
      rollback?.();
      throw error;
    }
  }

  #exists(object: KubeObject, there: Entry | undefined, generated: boolean): Error {
    const { name } = object.metadata;
    const { groupResource } = this.resource;
    const error = generated ? newGenerateNameConflict(groupResource, name) : newAlreadyExists(groupResource, name);
    if (!there?.object.metadata.deletionTimestamp) return error;
    return new ApiError({ ...error.status, message: `object is being deleted: ${error.message}` });
  }

  /**
   * Reads the object, lets `transform` make the new one (mutating admission included), checks it and writes it; again, if another writer was faster.
   * A resourceVersion in the new object makes the write conditional on it. Throws Conflict, NotFound, Invalid.
   */
  async update(
    namespace: string,
    name: string,
    context: RequestContext,
    transform: (current: Entry) => Promise<KubeObject>,
    options: UpdateOptions,
  ): Promise<UpdateResult> {
    const { resource } = this;
    const key = this.key(namespace, name);
    // The first try is made on what the cache has; what fails on that may fail only because it is old.
    let current = options.dryRun ? undefined : this.#objects.known(resource.storagePrefix, key);
    let certain = current === undefined;
    if (certain) current = await this.find(namespace, name);
    for (let attempt = 0; ; attempt++) {
      if (!current) {
        if (!options.create) throw newNotFound(resource.groupResource, name);
        const object = await options.create();
        try {
          return { entry: await this.create(object, context, options.createOptions ?? options), created: true };
        } catch (error) {
          current = attempt < 5 ? await this.#objects.getFromStore(key) : undefined;
          certain = true;
          if (!current) throw error;
          continue;
        }
      }
      let outcome: Entry | { conflict: Entry | undefined };
      try {
        const object = await transform(current);
        this.#checkIdentity(object, current.object, name, options);
        outcome = await this.#write(current, current.object, object, context, options);
        if (outcome instanceof Entry && (outcome !== current || certain)) return { entry: outcome, created: false };
      } catch (error) {
        if (certain || !(error instanceof ApiError)) throw error;
        const now = await this.find(namespace, name);
        if (now?.revision === current.revision) throw error;
        current = now;
        certain = true;
        continue;
      }
      if (outcome instanceof Entry) {
        // Nothing to change, by what may be an old state.
        const now = await this.find(namespace, name);
        if (now?.revision === current.revision) return { entry: outcome, created: false };
        current = now;
      } else {
        if (attempt >= 100) throw newConflict(resource.groupResource, name, optimisticLockMessage);
        current = outcome.conflict;
      }
      certain = true;
    }
  }

  /** Throws Conflict when the new object names another revision or uid than the one that is there. */
  #checkIdentity(object: KubeObject, old: KubeObject, name: string, { replaces }: UpdateOptions): void {
    const { groupResource } = this.resource;
    const { uid, resourceVersion: wanted = '' } = object.metadata;
    if (replaces && uid && uid !== old.metadata.uid)
      throw newConflict(groupResource, name, uidPrecondition(this.key(old.metadata.namespace ?? '', name), uid, old));
    if (wanted !== '' && !/^\d+$/.test(wanted))
      throw newBadRequest(`strconv.ParseUint: parsing ${quote(wanted)}: invalid syntax`);
    if (wanted === '' || wanted === '0') {
      if (replaces && this.strategy.requireResourceVersion)
        throw newInvalid({ group: groupResource.group, kind: groupResource.resource }, name, [
          invalid(path('metadata', 'resourceVersion'), 0n, 'must be specified for an update'),
        ]);
    } else if (wanted !== old.metadata.resourceVersion) {
      throw newConflict(groupResource, name, optimisticLockMessage);
    }
  }

  /** Throws Conflict when an object that would be made by its update names the uid of another. */
  checkAbsent({ metadata }: KubeObject): void {
    const { uid, name, namespace = '' } = metadata;
    if (uid)
      throw newConflict(this.resource.groupResource, name, uidPrecondition(this.key(namespace, name), uid, undefined));
  }

  async #write(
    current: Entry,
    old: KubeObject,
    object: KubeObject,
    context: RequestContext,
    options: UpdateOptions,
  ): Promise<Entry | { conflict: Entry | undefined }> {
    const { strategy, resource } = this;
    keepSystemFields(resource, object, old);
    let rollback: (() => void) | undefined;
    if (options.subresource === '') {
      if (strategy.hasStatus) copyField(object, old, 'status');
      strategy.prepareForUpdate?.(object, old, context);
      rollback = await strategy.beginUpdate?.(object, old, context);
    } else if (options.subresource === 'status') {
      for (const field in object) if (field !== 'status' && field !== 'metadata') copyField(object, old, field);
      for (const field in old) if (!(field in object) && field !== 'status') copyField(object, old, field);
      strategy.prepareStatusUpdate?.(object, old);
    }
    const special = strategy.subresources?.[options.subresource];
    special?.prepare(object, old, context);
    try {
      if (strategy.generation && options.subresource !== 'status' && desiredChanged(object, old))
        object.metadata.generation = (old.metadata.generation ?? 0) + 1;
      this.#throwIfInvalid(object, [
        ...(options.subresource === '' ? this.#checks.validate(resource, object, old) : []),
        ...(options.subresource === '' ? (strategy.validateUpdate?.(object, old) ?? []) : []),
        ...(options.subresource === 'status' ? this.#checks.validate(resource, object, old, 'status') : []),
        ...(options.subresource === 'status' ? (strategy.validateStatus?.(object, old) ?? []) : []),
        ...(special?.validate?.(object, old) ?? []),
      ]);
      for (const warning of strategy.warnings?.(object, old) ?? []) context.warnings.add(warning);
      await options.admit?.(object, old);
      object.metadata.resourceVersion = old.metadata.resourceVersion;
      const outdated = current instanceof ConvertedEntry && current.outdated;
      if (sameButForTimes(object, old) && !outdated) return current;
      if (options.dryRun) return new Entry(current.key, current.revision, encodeForStorage(object));
      const observer = this.observer(context, context.info.verb === 'patch' ? 'patch' : 'update');
      if (nothingHoldsIt(object)) {
        // The last finalizer of an object being deleted is gone: so is the object.
        const result = await this.#objects.delete(current, observer);
        if ('conflict' in result) return result;
        strategy.afterDelete?.(object);
        return new Entry(current.key, result.entry.revision, encodeForStorage(object));
      }
      const result = await this.#objects.replace(current, object, observer, options.exclusive);
      if ('conflict' in result) rollback?.();
      else if (options.subresource === '') strategy.afterUpdate?.(object, old);
      return 'conflict' in result ? result : result.entry;
    } catch (error) {
      rollback?.();
      throw error;
    }
  }

  #throwIfInvalid(object: KubeObject, errors: FieldErrorList): void {
    if (errors.length > 0) throw newInvalid(this.resource.groupKind, object.metadata.name, errors);
  }

  /**
   * Deletes, or begins to: with grace or finalizers the object stays, marked. Returns the last state and whether it is gone.
   * `admit` sees the object before anything happens to it.
   */
  async delete(
    namespace: string,
    name: string,
    context: RequestContext,
    options: DeleteOptions,
    admit?: (object: KubeObject) => Promise<void>,
  ): Promise<{ entry: Entry; gone: boolean }> {
    const { resource, strategy } = this;
    const dryRun = (options.dryRun?.length ?? 0) > 0;
    const observer = this.observer(context, 'delete');
    let current = dryRun ? undefined : this.#objects.known(resource.storagePrefix, this.key(namespace, name));
    let certain = current === undefined;
    if (certain) current = await this.get(namespace, name);
    for (;;) {
      if (!current) throw newNotFound(resource.groupResource, name);
      let plan: DeletionPlan;
      try {
        if (options.preconditions) checkPreconditions(resource, current.object, options.preconditions);
        await admit?.(current.object);
        plan = planDeletion(strategy, current.copy(), options, context.env.clock.now());
      } catch (error) {
        if (certain || !(error instanceof ApiError)) throw error;
        current = await this.find(namespace, name);
        certain = true;
        continue;
      }
      if (plan.action === 'keep') {
        if (certain) return { entry: current, gone: false };
        current = await this.find(namespace, name);
        certain = true;
        continue;
      }
      if (dryRun)
        return {
          entry: new Entry(current.key, current.revision, encodeForStorage(plan.object)),
          gone: plan.action === 'remove',
        };
      const result: WriteResult =
        plan.action === 'remove'
          ? await this.#objects.delete(current, observer)
          : await this.#objects.replace(current, plan.object, observer);
      if ('conflict' in result) {
        current = result.conflict;
        certain = true;
        continue;
      }
      if (plan.action === 'remove') strategy.afterDelete?.(current.object);
      return { entry: result.entry, gone: plan.action === 'remove' };
    }
  }

  observer(context: RequestContext, verb: string): CommitObserver {
    return commitObserver(context, verb);
  }
}

const maxNamesTried = 8;

/** What the store says of a uid that is not the object's (storage.Preconditions). */
const uidPrecondition = (key: string, uid: string, there: KubeObject | undefined): string =>
  `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${there?.metadata.uid ?? ''}`;

function copyField(object: KubeObject, old: KubeObject, field: string): void {
  if (old[field] === undefined) delete object[field];
  else object[field] = old[field];
}

/** Whether anything but metadata and status differs. */
function desiredChanged(object: KubeObject, old: KubeObject): boolean {
  for (const field of new Set([...Object.keys(object), ...Object.keys(old)]))
    if (field !== 'metadata' && field !== 'status' && !deepEqual(object[field], old[field])) return true;
  return false;
}

/** Whether a write would change nothing but when its fields' owners last wrote (fieldmanager's skipNonApplied timestamps). */
function sameButForTimes(object: KubeObject, old: KubeObject): boolean {
  const { metadata, ...rest } = object;
  const { metadata: oldMetadata, ...oldRest } = old;
  if (!deepEqual(rest, oldRest)) return false;
  const { managedFields = [], ...others } = metadata;
  const { managedFields: oldFields = [], ...oldOthers } = oldMetadata;
  const timeless = ({ time: _, ...entry }: ManagedFieldsEntry) => entry;
  return (
    managedFields.length === oldFields.length &&
    deepEqual(others, oldOthers) &&
    deepEqual(managedFields.map(timeless), oldFields.map(timeless))
  );
}

function nothingHoldsIt({ metadata, spec }: KubeObject): boolean {
  return (
    metadata.deletionTimestamp !== undefined &&
    (metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
    (metadata.finalizers ?? []).length === 0 &&
    ((spec as { finalizers?: unknown[] } | undefined)?.finalizers ?? []).length === 0
  );
}
