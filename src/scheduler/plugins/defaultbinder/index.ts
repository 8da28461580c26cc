// Binds by POSTing a Binding. Upstream: plugins/defaultbinder.

import type { Pod } from '../../../api/generated/types.ts';
import { messageOf } from '../../../env/errors.ts';
import type { Plugin } from '../../framework/types.ts';

/** @param post writes pods/<name>/binding; rejects if the server says no */
export function defaultBinder(post: (pod: Pod, nodeName: string) => Promise<void>): Plugin {
  return {
    name: 'DefaultBinder',
    async bind(_state, pod, nodeName) {
      try {
        await post(pod, nodeName);
        return undefined;
      } catch (error) {
        return { code: 'Error', reasons: [messageOf(error)] };
      }
    },
  };
}
