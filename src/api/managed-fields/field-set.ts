// Sets of field paths as managedFields holds them (FieldsV1): a tree whose keys are f:<name>, k:<keys of a list item>, v:<item of a set>.
//
// Invariant: a FieldSet is not changed once made; operations return new ones. A node that is a member itself is marked "." in the JSON form; a leaf is {}.

export class FieldSet {
  /** The path that leads here is a member. */
  readonly self: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;

  constructor(self: boolean, children: ReadonlyMap<string, FieldSet> = new Map()) {
    this.self = self;
    this.children = children;
  }

  get empty(): boolean {
    return !this.self && this.children.size === 0;
  }

  static readonly none = new FieldSet(false);
  static readonly leaf = new FieldSet(true);

  /** A node with the non-empty ones of `children`. */
  static of(self: boolean, children: Iterable<[string, FieldSet]>): FieldSet {
    const kept = new Map<string, FieldSet>();
    for (const [key, child] of children) if (!child.empty) kept.set(key, child);
    return new FieldSet(self, kept);
  }

  union(other: FieldSet): FieldSet {
    if (other.empty) return this;
    if (this.empty) return other;
    const children = new Map(this.children);
    for (const [key, child] of other.children) children.set(key, children.get(key)?.union(child) ?? child);
    return new FieldSet(this.self || other.self, children);
  }

  intersection(other: FieldSet): FieldSet {
    const pairs = [...this.children].flatMap(([key, child]): [string, FieldSet][] => {
      const match = other.children.get(key);
      return match ? [[key, child.intersection(match)]] : [];
    });
    return FieldSet.of(this.self && other.self, pairs);
  }

  difference(other: FieldSet): FieldSet {
    const pairs = [...this.children].map(([key, child]): [string, FieldSet] => {
      const match = other.children.get(key);
      return [key, match ? child.difference(match) : child];
    });
    return FieldSet.of(this.self && !other.self, pairs);
  }

  equals(other: FieldSet): boolean {
    if (this.self !== other.self || this.children.size !== other.children.size) return false;
    for (const [key, child] of this.children) {
      const match = other.children.get(key);
      if (!match || !child.equals(match)) return false;
    }
    return true;
  }

  /** Every member, as paths of keys, in order. */
  *paths(prefix: readonly string[] = []): Generator<readonly string[]> {
    if (this.self) yield prefix;
    for (const key of [...this.children.keys()].sort())
      yield* (this.children.get(key) as FieldSet).paths([...prefix, key]);
  }

  toJson(): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    if (this.self && this.children.size > 0) out['.'] = {};
    for (const key of [...this.children.keys()].sort()) out[key] = (this.children.get(key) as FieldSet).toJson();
    return out;
  }

  static fromJson(value: unknown, root = true): FieldSet {
    if (typeof value !== 'object' || value === null) return root ? FieldSet.none : FieldSet.leaf;
    const entries = Object.entries(value);
    const children = entries
      .filter(([key]) => key !== '.')
      .map(([key, child]): [string, FieldSet] => [key, FieldSet.fromJson(child, false)]);
    return new FieldSet(!root && (children.length === 0 || entries.some(([key]) => key === '.')), new Map(children));
  }
}

/** A path as conflict messages write it: .spec.containers[name="web"].image */
export function formatFieldPath(path: readonly string[]): string {
  return path
    .map((key) => {
      const body = key.slice(2);
      if (key.startsWith('f:')) return `.${body}`;
      if (key.startsWith('v:')) return `[=${body}]`;
      if (key.startsWith('i:')) return `[${body}]`;
      const fields = Object.entries(JSON.parse(body) as Record<string, unknown>);
      return `[${fields.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}
