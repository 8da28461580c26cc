// An nftables table as data, and its text for `nft -f`: the whole table is replaced in one transaction.

export interface Chain {
  name: string;
  /** "type nat hook prerouting priority -100"; a regular chain has none. */
  hook?: string;
  rules: string[];
}

export interface NftSet {
  kind: 'set' | 'map';
  name: string;
  type: string;
  /** Other lines: "flags dynamic, timeout", "timeout 10800s". */
  options?: string[];
  comment?: string;
  elements: string[];
}

export interface Table {
  name: string;
  comment: string;
  sets: NftSet[];
  chains: Chain[];
}

/** The script that replaces the table: deletes it if it is there and makes it anew, all or nothing. */
export function renderTable(table: Table): string {
  const lines = [
    `add table ip ${table.name}`,
    `delete table ip ${table.name}`,
    `table ip ${table.name} {`,
    `  comment "${table.comment}"`,
  ];
  for (const set of table.sets) {
    lines.push('', `  ${set.kind} ${set.name} {`, `    type ${set.type}`);
    for (const option of set.options ?? []) lines.push(`    ${option}`);
    if (set.comment) lines.push(`    comment "${set.comment}"`);
    if (set.elements.length > 0) lines.push(`    elements = {`, `      ${set.elements.join(',\n      ')}`, '    }');
    lines.push('  }');
  }
  for (const chain of table.chains) {
    lines.push('', `  chain ${chain.name} {`);
    if (chain.hook) lines.push(`    ${chain.hook};`);
    for (const rule of chain.rules) lines.push(`    ${rule}`);
    lines.push('  }');
  }
  lines.push('}', '');
  return lines.join('\n');
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Eight characters of base 32, the same for the same text: keeps chain names apart when they have to be cut. */
export function shortHash(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (const c of text) {
    low = Math.imul(low ^ c.charCodeAt(0), 0x01000193);
    high = Math.imul(high ^ c.charCodeAt(0), 0x85ebca6b) ^ (low >>> 15);
  }
  let out = '';
  for (const word of [low, high]) for (let i = 0; i < 4; i++) out += alphabet[(word >>> (i * 5)) & 31];
  return out;
}

const maxName = 120;

/** "service-ULMVA6XW-default/web/tcp/http", at most 120 characters. */
export function chainName(prefix: string, rest: string): string {
  const name = `${prefix}-${shortHash(rest)}-${rest}`;
  return name.length <= maxName ? name : `${name.slice(0, maxName - 3)}...`;
}
