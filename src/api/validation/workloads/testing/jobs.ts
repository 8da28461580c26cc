// Jobs as they are after the server has given them their selector.

import { container } from './load.ts';

const uidLabel = 'batch.kubernetes.io/controller-uid';

export const generated = {
  'controller-uid': 'u',
  'job-name': 'x',
  [uidLabel]: 'u',
  'batch.kubernetes.io/job-name': 'x',
};
export const jobSelector = { matchLabels: { [uidLabel]: 'u' } };

export const jobTemplate = (spec: object = {}, labels: object = generated) => ({
  metadata: { labels },
  spec: { restartPolicy: 'Never', containers: [container], ...spec },
});
export const jobSpec = (more: object = {}) => ({ selector: jobSelector, template: jobTemplate(), ...more });
export const job = (more: object = {}) => ({ spec: jobSpec(more) });
export const indexed = (more: object = {}) =>
  job({ completionMode: 'Indexed', completions: 5, parallelism: 5, ...more });
