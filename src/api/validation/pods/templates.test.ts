import { expect, test } from 'vitest';
import { setDefaults } from '../../defaulting/index.ts';
import { renderError } from '../../field-error.ts';
import { validateCreate, validateUpdate } from '../index.ts';
import { container } from '../testing/pod-errors.ts';

function templateOf(spec: object, metadata: object = {}) {
  const object = {
    metadata: { name: 't', namespace: 'n', uid: 'u' },
    template: { metadata, spec: { containers: [container], ...spec } },
  };
  setDefaults('PodTemplate', object);
  return object;
}

const starts = (errors: string[], expected: string[]) =>
  expect(errors.map((text, i) => (text.startsWith(expected[i] ?? '\0') ? expected[i] : text))).toEqual(expected);

test.each<[object, object, string[]]>([
  [{}, {}, []],
  // Nobody looks for a name in it, and upstream's paths leave the metadata out.
  [{}, { name: 'NO', labels: { a: '-' } }, ['template.labels: Invalid value: "-": a valid label must']],
  [{}, { annotations: { '-': '' } }, ['template.annotations: Invalid value: "-": name part must']],
  [
    {},
    { annotations: { 'seccomp.security.alpha.kubernetes.io/pod': 'what' } },
    ['template.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "what": must be a valid seccomp'],
  ],
  [{ containers: [] }, {}, ['template.spec.containers: Required value']],
  [
    { ephemeralContainers: [{ ...container, name: 'e' }] },
    {},
    ['template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template'],
  ],
  // Of a pod this would be refused: a token needs a service account, which admission gives to pods only.
  [{ volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] }, {}, []],
  // And images with blanks around them.
  [{ containers: [{ ...container, image: 'a ' }] }, {}, []],
])('a template with %j and %j', (spec, metadata, expected) => {
  starts(validateCreate('PodTemplate', templateOf(spec, metadata) as never, true).map(renderError), expected);
});

const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const wanting = (value: string) => ({
  affinity: {
    nodeAffinity: {
      [hard]: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: [value] }] }] },
    },
  },
});

test('a flaw that a template has already may stay', () => {
  const flawed = templateOf(wanting('-1'));
  const later = templateOf({ ...wanting('-1'), hostNetwork: true });
  const errors = (object: object, old: object) =>
    validateUpdate('PodTemplate', object as never, old as never, true).map(renderError);
  expect(errors(later, flawed)).toEqual([]);
  starts(errors(flawed, templateOf({})), [
    `template.spec.affinity.nodeAffinity.${hard}.nodeSelectorTerms[0].matchExpressions[0].values[0]: Invalid value: "-1"`,
  ]);
});
