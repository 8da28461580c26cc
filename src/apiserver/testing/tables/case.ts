// What a table of one kind must look like: an object that tells, and upstream's columns and cells for it.

export interface TableCase {
  /** Path of the collection. */
  path: string;
  object: object;
  /** Written to /status after the object. */
  status?: object;
  /** "Name string(name)|Ready string|IP string*": names, types, formats in brackets, * for priority 1. */
  columns: string;
  /** When the object is five minutes old. AGO stands for that in cells. */
  cells: (string | number | boolean | null)[];
  conditions?: object[];
}

export const AGO = '5m';
/** Before the objects are made, in the simulation's time. */
export const at = (secondsAfterStart: number): string =>
  new Date(Date.UTC(2026, 0, 1) + secondsAfterStart * 1000).toISOString().replace('.000', '');

export const meta = (name: string, more: object = {}) => ({ metadata: { name, ...more } });
export const namespaced = (prefix: string, plural: string) => `${prefix}/namespaces/default/${plural}`;
