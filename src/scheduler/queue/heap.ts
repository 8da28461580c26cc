// A binary heap of keyed items: smallest first, removable by key.
//
// Invariants: at most one item per key; push, pop and delete cost O(log n).

export class Heap<T> {
  readonly #less: (a: T, b: T) => boolean;
  readonly #items: { key: string; value: T }[] = [];
  readonly #positions = new Map<string, number>();

  constructor(less: (a: T, b: T) => boolean) {
    this.#less = less;
  }

  get size(): number {
    return this.#items.length;
  }

  get(key: string): T | undefined {
    const position = this.#positions.get(key);
    return position === undefined ? undefined : this.#items[position]?.value;
  }

  push(key: string, value: T): void {
    this.delete(key);
    this.#items.push({ key, value });
    this.#positions.set(key, this.#items.length - 1);
    this.#up(this.#items.length - 1);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first) this.delete(first.key);
    return first?.value;
  }

  delete(key: string): void {
    const position = this.#positions.get(key);
    if (position === undefined) return;
    this.#positions.delete(key);
    const last = this.#items.pop();
    if (!last || position === this.#items.length) return;
    this.#items[position] = last;
    this.#positions.set(last.key, position);
    this.#up(position);
    this.#down(this.#positions.get(last.key) ?? position);
  }

  #before(a: number, b: number): boolean {
    const first = this.#items[a];
    const second = this.#items[b];
    return first !== undefined && second !== undefined && this.#less(first.value, second.value);
  }

  #swap(a: number, b: number): void {
    const first = this.#items[a];
    const second = this.#items[b];
    if (!first || !second) return;
    this.#items[a] = second;
    this.#items[b] = first;
    this.#positions.set(second.key, a);
    this.#positions.set(first.key, b);
  }

  #up(start: number): void {
    let position = start;
    while (position > 0) {
      const parent = (position - 1) >> 1;
      if (!this.#before(position, parent)) return;
      this.#swap(position, parent);
      position = parent;
    }
  }

  #down(start: number): void {
    let position = start;
    for (;;) {
      let least = position;
      if (this.#before(2 * position + 1, least)) least = 2 * position + 1;
      if (this.#before(2 * position + 2, least)) least = 2 * position + 2;
      if (least === position) return;
      this.#swap(position, least);
      position = least;
    }
  }
}
