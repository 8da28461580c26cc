// A stream of JSON values, one after another with or without white space between, as gRPC's gateway takes streaming requests.

/** Yields each value of the body, parsed by `parse`, as soon as it is whole. */
export async function* jsonValues(
  body: ReadableStream<Uint8Array> | null,
  parse: (text: string) => unknown,
): AsyncGenerator<unknown> {
  if (!body) return;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      text += value ? decoder.decode(value, { stream: true }) : '';
      for (let end = valueEnd(text); end > 0; end = valueEnd(text)) {
        yield parse(text.slice(0, end));
        text = text.slice(end);
      }
      if (done) break;
    }
    if (text.trim() !== '') yield parse(text);
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Length of the first whole object or array in the text, 0 if there is none yet. */
function valueEnd(text: string): number {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (inString) {
      if (char === '\\') i++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') depth++;
    else if ((char === '}' || char === ']') && --depth === 0) return i + 1;
  }
  return 0;
}
