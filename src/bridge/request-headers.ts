// The headers of a request, as handlers read them: what fetch's Headers answers, without the price of making one for each request.
//
// Invariant: to a reader it behaves as Headers does: names without regard to case, several values of a name joined by ", "; nobody writes to it.

export class RequestHeaders {
  readonly #values: ReadonlyMap<string, string>;

  /** `values`: by lower-case name. */
  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** As the Headers that a request has. */
  get asHeaders(): Headers {
    return this as unknown as Headers;
  }

  get(name: string): string | null {
    return this.#values.get(name) ?? this.#values.get(name.toLowerCase()) ?? null;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  forEach(each: (value: string, name: string) => void): void {
    this.#values.forEach(each);
  }

  keys(): IterableIterator<string> {
    return this.#values.keys();
  }

  values(): IterableIterator<string> {
    return this.#values.values();
  }

  entries(): IterableIterator<[string, string]> {
    return this.#values.entries();
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.#values.entries();
  }
}
