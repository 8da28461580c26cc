// What can run in a terminal tab: the kubectl prompt, a shell in a container, a shell on a node. Each takes keys and a size, and writes to a screen.

import { messageOf } from '../../env/errors.ts';
import type { TerminalSession } from '../../sandbox/cluster.ts';
import { keep, recall } from '../state/keep.ts';
import type { Workspace } from '../state/workspace.svelte.ts';
import { builtins } from './builtins.ts';
import { Command, type Screen } from './command.ts';
import { LineEditor } from './line-editor.ts';

export interface Session {
  input(data: string): void;
  resize(columns: number, rows: number): void;
  close(): void;
}

const blue = (text: string) => `\x1b[38;5;75m${text}\x1b[0m`;
const grey = (text: string) => `\x1b[38;5;246m${text}\x1b[0m`;

/** Empties the screen and what was scrolled out of it. */
const clearScreen = '\x1b[H\x1b[2J\x1b[3J';

/** The prompt at which kubectl is typed. */
export function kubectlSession(page: Workspace, screen: Screen): Session {
  const clear = () => screen.write(clearScreen);
  let running: Command | undefined;
  const history = recall<string[]>('history', []);

  async function run(line: string): Promise<void> {
    keep('history', history);
    if (!line || line.startsWith('#')) return;
    const [word = '', ...rest] = line.split(/\s+/);
    if (word === 'clear') {
      clear();
      return;
    }
    if (word === 'history') {
      screen.write(history.map((each, i) => `${String(i + 1).padStart(5)}  ${each}\r\n`).join(''));
      return;
    }
    const builtin = builtins[word];
    if (builtin) {
      screen.write(builtin(page, rest).replaceAll('\n', '\r\n'));
      return;
    }
    if (!page.cluster) {
      screen.write('The cluster is still starting.\r\n');
      return;
    }
    const current = new Command(screen);
    running = current;
    try {
      const edit = (text: string, name: string) => {
        const saved = page.edit(text, name);
        screen.write(
          grey(
            `${name.replace(/^kubectl-edit-/, '')} is open in the editor. Save or cancel it there; Ctrl-C gives up.`,
          ),
        );
        screen.write('\r\n');
        return current.orStopped(saved, () => page.editing.cancel());
      };
      const program = await page.program();
      await current.run(program.runShell, line, { ...page.kubectlIo(), edit });
    } finally {
      running = undefined;
      // typed ahead for the next prompt
      editor.input(current.unread());
    }
  }

  const editor = new LineEditor(
    {
      write: (text) => screen.write(text),
      columns: () => screen.columns(),
      run,
      clear,
      complete: async (line) => {
        if (!page.cluster) return { start: line.length, candidates: [], space: true };
        const program = await page.program();
        return program.complete(line, line.length, { ...page.kubectlIo(), stdout: () => {}, stderr: () => {} });
      },
    },
    { text: `${blue('$')} `, width: 2 },
    history,
  );
  screen.write(grey('kubectl for the cluster in this page. Tab completes, help helps.'));
  screen.write('\r\n');
  editor.start();
  return {
    input: (data) => {
      if (running) running.input(data);
      else editor.input(data);
    },
    resize: (columns, rows) => {
      if (running) running.resize(columns, rows);
    },
    close: () => running?.stop(),
  };
}

/** A shell in a container, by `kubectl exec -it`. */
export function execSession(page: Workspace, screen: Screen, namespace: string, pod: string): Session {
  let running: Command | undefined;
  async function open(): Promise<void> {
    running = new Command(screen);
    const current = running;
    try {
      screen.write(`${grey(`kubectl exec -it -n ${namespace} ${pod} -- sh`)}\r\n`);
      const code = await current.run(
        (await page.program()).runKubectl,
        ['exec', '-it', '-n', namespace, pod, '--', 'sh'],
        page.kubectlIo(),
      );
      screen.write(`\r\n${grey(`[ended with code ${code}; Enter opens it again]`)}\r\n`);
    } catch (error) {
      screen.write(`${messageOf(error)}\r\n`);
    } finally {
      running = undefined;
    }
  }
  void open();
  return {
    input: (data) => {
      if (running) running.input(data);
      else if (data === '\r') void open();
    },
    resize: (columns, rows) => running?.resize(columns, rows),
    close: () => running?.stop(),
  };
}

/** A shell on a Linux node itself. */
export function nodeSession(page: Workspace, screen: Screen, node: string): Session {
  let session: TerminalSession | undefined;
  let writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  const encoder = new TextEncoder();
  async function open(): Promise<void> {
    try {
      if (!page.cluster) throw new Error('the cluster is still starting');
      session = await page.cluster.nodeShell(node, { columns: screen.columns(), rows: screen.rows() });
      writer = session.stdin.getWriter();
      const reader = session.stdout.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        screen.write(value);
      }
      const code = await session.exited;
      screen.write(`\r\n${grey(`[ended with code ${code}; Enter opens it again]`)}\r\n`);
    } catch (error) {
      screen.write(`${messageOf(error)}\r\n${grey('[Enter tries again]')}\r\n`);
    } finally {
      session = undefined;
      writer = undefined;
    }
  }
  void open();
  return {
    input: (data) => {
      if (writer) void writer.write(encoder.encode(data)).catch(() => {});
      else if (data === '\r' && !session) void open();
    },
    resize: (columns, rows) => session?.resize(columns, rows),
    close: () => session?.close(),
  };
}
