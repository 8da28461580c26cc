// What the page remembers on this device: small JSON values in localStorage under "drydock/". Works, without memory, where storage is blocked or full.

const prefix = 'drydock/';

/** The kept value, or `otherwise` if there is none or it cannot be read. */
export function recall<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(prefix + key);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

/** Keeps a value; returns whether it was kept. */
export function keep(key: string, value: unknown): boolean {
  try {
    localStorage.setItem(prefix + key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function forget(key: string): void {
  try {
    localStorage.removeItem(prefix + key);
  } catch {
    // storage is blocked: there was nothing to forget
  }
}

/** Keys kept under a prefix ("file/"). */
export function kept(under: string): string[] {
  try {
    return Array.from({ length: localStorage.length }, (_, i) => localStorage.key(i) ?? '')
      .filter((key) => key.startsWith(prefix + under))
      .map((key) => key.slice(prefix.length));
  } catch {
    return [];
  }
}

/** Calls back when another tab keeps or forgets something. */
export function onOtherTab(callback: (key: string) => void): () => void {
  const listener = (event: StorageEvent) => {
    if (event.key?.startsWith(prefix)) callback(event.key.slice(prefix.length));
  };
  addEventListener('storage', listener);
  return () => removeEventListener('storage', listener);
}
