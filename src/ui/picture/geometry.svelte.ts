// Where things stand in the picture, measured from the page itself, so that links can be drawn between boxes that CSS laid out.

import type { Attachment } from 'svelte/attachments';
import { pageNow } from '../state/page-time.ts';

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export class Geometry {
  boxes = $state.raw<ReadonlyMap<string, Box>>(new Map());
  width = $state(0);
  height = $state(0);
  readonly #elements = new Map<string, HTMLElement>();
  readonly #anchors = new Map<string, Attachment<HTMLElement>>();
  #root: HTMLElement | undefined;
  #until = 0;
  #measuring = false;

  /** The element everything is measured in. */
  root: Attachment<HTMLElement> = (element) => {
    this.#root = element;
    const observer = new ResizeObserver(() => this.settle());
    observer.observe(element);
    this.settle();
    return () => {
      observer.disconnect();
      this.#root = undefined;
    };
  };

  /** Marks an element so that links find it. The same key gives the same attachment, or every update of a card would attach and measure anew. */
  anchor(key: string): Attachment<HTMLElement> {
    const known = this.#anchors.get(key);
    if (known) return known;
    const anchor: Attachment<HTMLElement> = (element) => {
      this.#elements.set(key, element);
      this.settle();
      return () => {
        if (this.#elements.get(key) === element) this.#elements.delete(key);
        this.#anchors.delete(key);
        this.settle();
      };
    };
    this.#anchors.set(key, anchor);
    return anchor;
  }

  /** Measures now and until movements have ended. */
  settle(): void {
    this.#until = pageNow() + 500;
    if (this.#measuring) return;
    this.#measuring = true;
    const frame = () => {
      this.#measure();
      if (pageNow() < this.#until && this.#root) requestAnimationFrame(frame);
      else this.#measuring = false;
    };
    requestAnimationFrame(frame);
  }

  #measure(): void {
    const root = this.#root;
    if (!root) return;
    const origin = root.getBoundingClientRect();
    const boxes = new Map<string, Box>();
    for (const [key, element] of this.#elements) {
      const rect = element.getBoundingClientRect();
      boxes.set(key, {
        x: rect.left - origin.left,
        y: rect.top - origin.top,
        width: rect.width,
        height: rect.height,
      });
    }
    this.width = origin.width;
    this.height = origin.height;
    if (changed(this.boxes, boxes)) this.boxes = boxes;
  }
}

function changed(a: ReadonlyMap<string, Box>, b: ReadonlyMap<string, Box>): boolean {
  if (a.size !== b.size) return true;
  for (const [key, box] of b) {
    const other = a.get(key);
    if (!other || other.x !== box.x || other.y !== box.y || other.width !== box.width || other.height !== box.height)
      return true;
  }
  return false;
}

/** An SVG path from one box to another: sideways where they stand side by side, up or down where one is above the other. */
export function linkPath(a: Box, b: Box): string {
  const right = a.x + a.width <= b.x + 1;
  const left = b.x + b.width <= a.x + 1;
  const apart = Math.max(a.y, b.y) - Math.min(a.y + a.height, b.y + b.height);
  if ((right || left) && apart < 24) {
    const [x1, x2] = right ? [a.x + a.width, b.x] : [a.x, b.x + b.width];
    const [y1, y2] = [a.y + a.height / 2, b.y + b.height / 2];
    const bend = (x2 - x1) / 2;
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
  }
  const down = a.y < b.y;
  const [y1, y2] = down ? [a.y + a.height, b.y] : [a.y, b.y + b.height];
  const [x1, x2] = [a.x + a.width / 2, b.x + b.width / 2];
  const bend = (y2 - y1) / 2;
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}

/** An arc over the tops of two boxes in a row. */
export function arcPath(a: Box, b: Box): string {
  const [x1, x2] = [a.x + a.width / 2, b.x + b.width / 2];
  const top = Math.min(a.y, b.y);
  const rise = Math.min(22, 8 + Math.abs(x2 - x1) / 18);
  return `M${x1} ${a.y}C${x1} ${top - rise} ${x2} ${top - rise} ${x2} ${b.y}`;
}

/** A line of straight pieces with rounded corners, as on a plan of tracks. */
export function trackPath(points: readonly (readonly [number, number])[], radius = 7): string {
  let d = '';
  for (const [i, [x, y]] of points.entries()) {
    const before = points[i - 1];
    const after = points[i + 1];
    if (!before) {
      d = `M${x} ${y}`;
    } else if (!after) {
      d += `L${x} ${y}`;
    } else {
      const [inX, inY] = toward([x, y], before, radius);
      const [outX, outY] = toward([x, y], after, radius);
      d += `L${inX} ${inY}Q${x} ${y} ${outX} ${outY}`;
    }
  }
  return d;
}

function toward(from: readonly [number, number], to: readonly [number, number], most: number): [number, number] {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy) || 1;
  const share = Math.min(most, length / 2) / length;
  return [from[0] + dx * share, from[1] + dy * share];
}

const middle = (box: Box): [number, number] => [box.x + box.width / 2, box.y + box.height / 2];

/** From the API server to another process: straight to its neighbour, along the track below the control plane to whoever stands further off. */
export function serverTrack(server: Box, other: Box, track: number, neighbour: boolean): string {
  const [serverX, serverY] = middle(server);
  const [x, y] = middle(other);
  // below: down to the track, along it, down again
  if (other.y >= server.y + server.height)
    return Math.abs(serverX - x) < 4
      ? `M${serverX} ${server.y + server.height}L${x} ${other.y}`
      : trackPath([
          [serverX, server.y + server.height],
          [serverX, track],
          [x, track],
          [x, other.y],
        ]);
  if (other.y + other.height <= server.y) {
    const half = (server.y + other.y + other.height) / 2;
    return trackPath([
      [serverX, server.y],
      [serverX, half],
      [x, half],
      [x, other.y + other.height],
    ]);
  }
  const right = x > serverX;
  const edge = right ? other.x : other.x + other.width;
  const rise = edge + (right ? -12 : 12);
  if (neighbour) {
    const from = right ? server.x + server.width : server.x;
    return trackPath([
      [from, serverY],
      [rise, serverY],
      [rise, y],
      [edge, y],
    ]);
  }
  const offset = right ? 10 : -10;
  return trackPath([
    [serverX + offset, server.y + server.height],
    [serverX + offset, track],
    [rise, track],
    [rise, y],
    [edge, y],
  ]);
}
