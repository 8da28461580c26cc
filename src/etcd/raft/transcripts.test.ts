// Golden transcripts: each file in testdata/ is a scenario; DRYDOCK_REWRITE=1 writes the output anew, to be read before it is committed.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Transcript } from './testing/transcript.ts';

const folder = join(import.meta.dirname, 'testdata');

test.each(readdirSync(folder).filter((name) => name.endsWith('.txt')))('%s', (name) => {
  const path = join(folder, name);
  const source = readFileSync(path, 'utf8').trimEnd();
  const transcript = new Transcript();
  const produced = source
    .split('\n\n')
    .map((block) => {
      const head = (block.split('\n----\n')[0] ?? '').trimEnd();
      const commands = head.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      if (commands.length === 0) return block.trimEnd();
      const output = commands
        .map((line) => transcript.run(line))
        .filter((text, i) => text !== 'ok' || i === commands.length - 1);
      return `${head}\n----\n${output.join('\n')}`;
    })
    .join('\n\n');
  if (process.env['DRYDOCK_REWRITE']) writeFileSync(path, `${produced.trimEnd()}\n`);
  else expect(produced.trimEnd()).toBe(source);
});
