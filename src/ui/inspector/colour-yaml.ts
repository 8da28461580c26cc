// Cuts YAML text, as the `yaml` package prints it, into coloured pieces: keys, strings, numbers and words, comments, and the rest.
//
// Invariant: the pieces joined are the text.

export interface Piece {
  kind: 'key' | 'string' | 'number' | 'comment' | 'plain';
  text: string;
}

const keyed = /^(\s*(?:- )*)((?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s'"#:][^:#]*?)):(?=\s|$)/;

export function colourYaml(text: string): Piece[] {
  const out: Piece[] = [];
  const add = (kind: Piece['kind'], piece: string) => {
    if (!piece) return;
    const last = out[out.length - 1];
    if (last?.kind === kind) last.text += piece;
    else out.push({ kind, text: piece });
  };
  let block = -1;
  for (const line of text.split(/(?<=\n)/)) {
    const indent = line.search(/\S/);
    if (block >= 0 && (indent > block || indent < 0)) {
      add('string', line);
      continue;
    }
    block = -1;
    const match = keyed.exec(line);
    let rest = line;
    if (match) {
      add('plain', match[1] ?? '');
      add('key', match[2] ?? '');
      add('plain', ':');
      rest = line.slice(match[0].length);
      if (/^\s+[|>][+-]?\d?\s*$/.test(rest)) block = indent;
    } else {
      const dash = /^\s*(?:- )+/.exec(line)?.[0] ?? '';
      add('plain', dash);
      rest = line.slice(dash.length);
    }
    const lead = /^\s*/.exec(rest)?.[0] ?? '';
    add('plain', lead);
    const value = rest.slice(lead.length);
    if (value.startsWith('#')) add('comment', value);
    else if (/^(?:-?\d[\d.eE+-]*|true|false|null|~)\s*$/.test(value)) add('number', value);
    else if (/^[[{\]}]|^---/.test(value)) add('plain', value);
    else add('string', value);
  }
  return out;
}
