// Makes sure that a container's image is there, as its pull policy says, with waits after failures. Upstream: pkg/kubelet/images image_manager.go.
//
// Invariants: pulls run one after another, in order (serialize-image-pulls, upstream's default); after a failed pull of an image for a pod the next one
// waits 10 s, 20 s, ... 5 min.

import type { Container, Pod } from '../../api/generated/types.ts';
import { parseImageReference } from '../../cri/image-reference.ts';
import { RuntimeError } from '../../cri/runtime.ts';
import type { Clock } from '../../env/clock.ts';
import { messageOf } from '../../env/errors.ts';
import { goDuration, ItemBackoff } from './backoff.ts';
import { type ContainerEvents, StartError } from './start-error.ts';

/** ms after a failed pull until the pod is looked at again, which then shows ImagePullBackOff. */
const backOffShownAfter = 3000;

export interface ImageCalls {
  pullImage(image: string): Promise<string>;
  imageStatus(image: string): Promise<{ id: string; size: number } | undefined>;
}

export class ImageManager {
  private readonly clock: Clock;
  private readonly backoff: ItemBackoff;
  private readonly lastErrors = new Map<string, string>();
  private queue: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock) {
    this.clock = clock;
    this.backoff = new ItemBackoff(clock);
  }

  /** Resolves when the image can be used. Rejects with StartError ErrImagePull, ImagePullBackOff, ErrImageNeverPull, InvalidImageName or ImageInspectError. */
  async ensureImageExists(pod: Pod, container: Container, calls: ImageCalls, events: ContainerEvents): Promise<void> {
    const image = container.image ?? '';
    const parsed = parseImageReference(image);
    if ('error' in parsed) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${parsed.error}`;
      events('Warning', 'InspectFailed', message);
      throw new StartError('InvalidImageName', message);
    }
    let present: boolean;
    try {
      present = (await calls.imageStatus(image)) !== undefined;
    } catch (error) {
      const message = `Failed to inspect image "${image}": ${rpcMessage(error)}`;
      events('Warning', 'InspectFailed', message);
      throw new StartError('ImageInspectError', message);
    }
    const policy = container.imagePullPolicy ?? (parsed.tag === 'latest' ? 'Always' : 'IfNotPresent');
    if (present && policy !== 'Always') {
      events(
        'Normal',
        'Pulled',
        `Container image "${image}" already present on machine and can be accessed by the pod`,
      );
      return;
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      events('Warning', 'ErrImageNeverPull', message);
      throw new StartError('ErrImageNeverPull', message);
    }
    const backoffKey = `${pod.metadata.uid}_${image}`;
    const wait = this.backoff.remainingSinceUpdate(backoffKey);
    const shown = this.backoff.sinceUpdate(backoffKey);
    if (wait > 0 && shown < backOffShownAfter)
      throw new StartError('ErrImagePull', this.lastErrors.get(backoffKey) ?? '', backOffShownAfter - shown, true);
    if (wait > 0) {
      const message = `Back-off pulling image "${image}"`;
      events('Normal', 'BackOff', message);
      const last = this.lastErrors.get(backoffKey);
      throw new StartError('ImagePullBackOff', last ? `${message}: ErrImagePull: ${last}` : message, wait);
    }
    events('Normal', 'Pulling', `Pulling image "${image}"`);
    const asked = this.clock.now();
    let began = asked;
    const pull = this.queue.then(() => {
      began = this.clock.now();
      return calls.pullImage(image);
    });
    this.queue = pull.catch(() => {});
    try {
      await pull;
    } catch (error) {
      const message = rpcMessage(error);
      events('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
      this.backoff.next(backoffKey, this.clock.now());
      this.lastErrors.set(backoffKey, message);
      throw new StartError('ErrImagePull', message, backOffShownAfter);
    }
    const ended = this.clock.now();
    const size = (await calls.imageStatus(image).catch(() => undefined))?.size ?? 0;
    events(
      'Normal',
      'Pulled',
      `Successfully pulled image "${image}" in ${goDuration(ended - began)} (${goDuration(ended - asked)} including waiting). Image size: ${size} bytes.`,
    );
    this.backoff.forget(backoffKey);
    this.lastErrors.delete(backoffKey);
  }

  /** The pod is gone. */
  forget(podUid: string): void {
    this.backoff.forget(`${podUid}_`);
    for (const key of this.lastErrors.keys()) if (key.startsWith(`${podUid}_`)) this.lastErrors.delete(key);
  }
}

/** A runtime's error as the kubelet shows it, which upstream hears over gRPC: "rpc error: code = NotFound desc = ...". */
export function rpcMessage(error: unknown): string {
  if (error instanceof RuntimeError) return `rpc error: code = ${error.reason} desc = ${error.message}`;
  return messageOf(error);
}
