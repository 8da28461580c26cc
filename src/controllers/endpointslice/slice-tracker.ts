// Remembers the slices this controller wrote, to notice that its cache has not seen them yet. Upstream: k8s.io/endpointslice/util EndpointSliceTracker.

import type { EndpointSlice } from '../../api/generated/types.ts';

const deletionExpected = -1;

export class SliceTracker {
  /** Per Service: uid of a slice -> the generation we wrote, or deletionExpected. */
  readonly #byService = new Map<string, Map<string, number>>();

  wrote(service: string, slice: EndpointSlice): void {
    let slices = this.#byService.get(service);
    if (!slices) {
      slices = new Map();
      this.#byService.set(service, slices);
    }
    slices.set(slice.metadata.uid ?? '', slice.metadata.generation ?? 0);
  }

  willDelete(service: string, slice: EndpointSlice): void {
    this.wrote(service, { ...slice, metadata: { ...slice.metadata, generation: deletionExpected } });
  }

  forgetSlice(service: string, slice: EndpointSlice): void {
    this.#byService.get(service)?.delete(slice.metadata.uid ?? '');
  }

  forget(service: string): void {
    this.#byService.delete(service);
  }

  /** A slice went; whether we deleted it ourselves. */
  deleted(service: string, slice: EndpointSlice): boolean {
    const expected = this.#byService.get(service)?.get(slice.metadata.uid ?? '') === deletionExpected;
    this.forgetSlice(service, slice);
    return expected;
  }

  /** Whether what the informer shows is just what we wrote. */
  isOwnWrite(service: string, slice: EndpointSlice): boolean {
    const written = this.#byService.get(service)?.get(slice.metadata.uid ?? '');
    return written !== undefined && written === slice.metadata.generation;
  }

  /** Whether the cache lacks a slice that we made, shows one older than we wrote, or one that we deleted. */
  isStale(service: string, cached: readonly EndpointSlice[]): boolean {
    const slices = this.#byService.get(service);
    if (!slices) return false;
    const seen = new Map(cached.map((slice) => [slice.metadata.uid ?? '', slice.metadata.generation ?? 0]));
    for (const [uid, generation] of slices) {
      const current = seen.get(uid);
      if (generation === deletionExpected ? current !== undefined : current === undefined || current < generation) {
        return true;
      }
    }
    return false;
  }
}
