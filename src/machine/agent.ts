// The page's half of the guest agent: opens streams, and offers the operations of images/node/agent as methods.
//
// Invariants: at most `portBuffers` pieces of at most 4096 bytes are on their way into the guest (its port has 16 buffers and silently drops what finds
// none); a call that needs the guest to run says so through `busy`, so that a paused machine runs for exactly as long as somebody waits for it.

import { collect } from '../env/bytes.ts';
import { AgentStream, type Facts } from './agent-stream.ts';
import { decodeUint32, encodeAgentFrame, encodeList, FrameReader, frameTypes } from './frames.ts';

const portBuffers = 14;
const pieceSize = 4096;

/** The port, as the machine offers it. */
export interface AgentPort {
  send(bytes: Uint8Array): void;
  /** Called with +1 and -1 as calls begin and end. */
  busy(change: number): void;
}

export interface ExecRequest {
  command: string[];
  env?: string[];
  cwd?: string;
  uid?: number;
  gid?: number;
  groups?: number[];
  stdin?: boolean;
  /** A terminal of this size. */
  terminal?: { columns: number; rows: number };
  /** Joins the namespaces of this process. */
  pid?: number;
  /** Path below the cgroup root. */
  cgroup?: string;
  /** Capabilities to keep, as a bit mask in hexadecimal. */
  capabilities?: string;
  noNewPrivileges?: boolean;
  /** Killed after this many ms of guest time. */
  timeout?: number;
}

export interface RunResult {
  stdout: Uint8Array;
  stderr: Uint8Array;
  /** 128 + signal if a signal ended it. */
  exitCode: number;
  timedOut: boolean;
}

/** The exit code in a stream's result, as a shell gives it. */
export function exitCodeOf(result: Facts): number {
  const signal = result.get('signal');
  return signal === undefined ? Number(result.get('exit') ?? 0) : 128 + Number(signal);
}

export class Agent {
  private readonly port: AgentPort;
  private readonly reader: FrameReader;
  private readonly streams = new Map<number, AgentStream>();
  private readonly waiting: Uint8Array[] = [];
  private underWay = 0;
  private nextStream = 1;
  private gone: Error | undefined;

  constructor(port: AgentPort) {
    this.port = port;
    this.reader = new FrameReader((frame) => {
      if (frame.stream === 0) {
        if (frame.type === frameTypes.ack) {
          this.underWay -= decodeUint32(frame.payload);
          this.flush();
        }
        return;
      }
      if (this.streams.get(frame.stream)?.receive(frame.type, frame.payload)) this.streams.delete(frame.stream);
    });
  }

  /** Bytes from the guest. */
  receive(bytes: Uint8Array): void {
    this.reader.push(bytes);
  }

  /** Ends every stream: the machine stopped. */
  abandon(error: Error): void {
    this.gone = error;
    for (const stream of this.streams.values()) stream.abandon(error);
    this.streams.clear();
  }

  /**
   * Opens a stream. Unless `background`, the machine is kept running until it ends; with 'started', until it has started.
   */
  open(items: (string | Uint8Array)[], background: boolean | 'started' = false): AgentStream {
    const id = this.nextStream++;
    const stream = new AgentStream(id, { send: (to, type, payload) => this.send(encodeAgentFrame(to, type, payload)) });
    if (this.gone) {
      stream.abandon(this.gone);
      return stream;
    }
    this.streams.set(id, stream);
    if (background !== true) {
      this.port.busy(1);
      const done = () => this.port.busy(-1);
      (background === 'started' ? stream.started : stream.result).then(done, done);
    }
    this.send(encodeAgentFrame(id, frameTypes.open, encodeList(items)));
    return stream;
  }

  /** Steps done in order in one round trip: `['mkdir', path, mode, 'file', path, mode, content, ...]`; rejects at the first that fails. */
  async batch(steps: (string | Uint8Array)[]): Promise<void> {
    if (steps.length > 0) await this.open(['batch', ...steps]).result;
  }

  exec(request: ExecRequest): AgentStream {
    const items = ['exec'];
    const put = (key: string, value: string | number | undefined) => {
      if (value !== undefined) items.push(key, String(value));
    };
    for (const arg of request.command) put('arg', arg);
    for (const variable of request.env ?? []) put('env', variable);
    for (const group of request.groups ?? []) put('group', group);
    put('cwd', request.cwd);
    put('uid', request.uid);
    put('gid', request.gid);
    put('pid', request.pid);
    put('cgroup', request.cgroup);
    put('caps', request.capabilities);
    put('timeout', request.timeout);
    if (request.stdin) put('stdin', 1);
    if (request.noNewPrivileges) put('nnp', 1);
    if (request.terminal) {
      put('cols', request.terminal.columns);
      put('rows', request.terminal.rows);
    }
    return this.open(items);
  }

  /** Runs a command to its end. Rejects with an AgentError if it could not be started. */
  async run(request: ExecRequest): Promise<RunResult> {
    const stream = this.exec(request);
    const [stdout, stderr, result] = await Promise.all([collect(stream.stdout), collect(stream.stderr), stream.result]);
    return { stdout, stderr, exitCode: exitCodeOf(result), timedOut: result.get('timeout') === '1' };
  }

  /** Small files, each cut at `limit` bytes; undefined for those that cannot be read. */
  async read(paths: string[], limit = 65536): Promise<(Uint8Array | undefined)[]> {
    if (paths.length === 0) return [];
    const stream = this.open(['read', String(limit), ...paths]);
    const bytes = await collect(stream.stdout);
    await stream.result;
    const view = new DataView(bytes.buffer);
    let at = 0;
    return paths.map(() => {
      const length = view.getUint32(at, true);
      at += 4;
      if (length === 0xffffffff) return undefined;
      at += length;
      return bytes.slice(at - length, at);
    });
  }

  /** Unpacks a plain tar stream into a directory of the node. */
  async untar(directory: string, archive: ReadableStream<Uint8Array>): Promise<void> {
    await this.pour(this.open(['untar', 'dir', directory]), archive);
  }

  /** Writes one file of any size. */
  async write(path: string, mode: number, content: ReadableStream<Uint8Array>): Promise<void> {
    await this.pour(this.open(['write', 'path', path, 'mode', mode.toString(8)]), content);
  }

  private async pour(stream: AgentStream, source: ReadableStream<Uint8Array>): Promise<void> {
    const reader = source.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || stream.ended) break;
        await stream.write(value);
      }
      stream.end();
    } catch (error) {
      stream.close();
      throw error;
    } finally {
      reader.releaseLock();
    }
    await stream.result;
  }

  private send(frame: Uint8Array): void {
    for (let at = 0; at < frame.length; at += pieceSize) this.waiting.push(frame.subarray(at, at + pieceSize));
    this.flush();
  }

  private flush(): void {
    while (this.waiting.length > 0 && this.underWay < portBuffers && !this.gone) {
      this.underWay++;
      this.port.send(this.waiting.shift() as Uint8Array);
    }
  }
}
