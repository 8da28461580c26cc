import { describe, expect, test } from 'vitest';
import { readAdmissionConfiguration } from './configuration.ts';

const podSecurity = (lines: string, version = 'v1') =>
  `apiVersion: pod-security.admission.config.k8s.io/${version}\nkind: PodSecurityConfiguration\n${lines}`;
const indented = (text: string) =>
  text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
const admission = (plugins: string) =>
  `apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n${plugins}`;
const within = (lines: string) => admission(`- name: PodSecurity\n  configuration:\n${indented(podSecurity(lines))}`);
const noFiles = (): string => {
  throw new Error('no file is to be read');
};
const read = (text: string) => readAdmissionConfiguration(text, noFiles);

describe('the configuration of PodSecurity', () => {
  test('is filled up with what holds without it', () => {
    expect(
      read(within('defaults:\n  enforce: baseline\n  enforce-version: v1.29\nexemptions:\n  usernames: [ann]\n')),
    ).toEqual({
      podSecurity: {
        defaults: {
          enforce: { level: 'baseline', version: 'v1.29' },
          audit: { level: 'privileged', version: 'latest' },
          warn: { level: 'privileged', version: 'latest' },
        },
        exemptions: { usernames: ['ann'], namespaces: [], runtimeClasses: [] },
      },
    });
  });

  test('may stand in a file of its own', () => {
    const text = admission('- name: PodSecurity\n  path: psa.yaml\n');
    const files: string[] = [];
    const { podSecurity: found } = readAdmissionConfiguration(text, (path) => {
      files.push(path);
      return podSecurity('defaults: {warn: restricted}', 'v1beta1');
    });
    expect([files, found?.defaults.warn.level]).toEqual([['psa.yaml'], 'restricted']);
  });

  test('is not there where nothing is said of it', () => {
    expect(read(admission('- name: PodSecurity\n'))).toEqual({});
    expect(read('apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n')).toEqual({});
  });

  test.each([
    [
      'defaults: {enforce: tight}',
      'defaults.enforce: Invalid value: "tight": must be one of privileged, baseline, restricted',
    ],
    ['defaults: {warn-version: "1.2"}', 'defaults.warn-version: Invalid value: "1.2": must be "latest" or "v1.x"'],
    ['defaults: {force: baseline}', 'strict decoding error: unknown field "defaults.force"'],
    ['defaults: {enforce: 5}', 'defaults.enforce: must be a string'],
    ['exemptions: {namespaces: [a, a]}', 'exemptions.namespaces[1]: Duplicate value: "a"'],
    ['exemptions: {usernames: [""]}', 'exemptions.usernames[0]: Invalid value: "": username must not be empty'],
    ['exemptions: {users: [a]}', 'strict decoding error: unknown field "exemptions.users"'],
    ['exemptions: {usernames: ann}', 'exemptions.usernames: must be a list of strings'],
  ])('%s is refused', (lines, why) => {
    expect(() => read(within(lines))).toThrow(why);
  });
  test('names are checked as those of namespaces and runtime classes', () => {
    expect(() => read(within('exemptions: {namespaces: [A], runtimeClasses: [b_c]}'))).toThrow(
      /exemptions\.namespaces\[0\]: Invalid value: "A": .*exemptions\.runtimeClasses\[0\]: Invalid value: "b_c": /,
    );
  });
});

test.each([
  ['kind: Pod\napiVersion: v1', 'expected kind AdmissionConfiguration of apiVersion apiserver.config.k8s.io/v1'],
  ['[]', 'expected kind AdmissionConfiguration'],
  [
    admission('- name: ImagePolicyWebhook\n  path: x\n'),
    'plugins[0].name: the plugin "ImagePolicyWebhook" takes no configuration',
  ],
  [admission('- name: PodSecurity\n  config: {}\n'), 'strict decoding error: unknown field "plugins[0].config"'],
  [admission('- name: PodSecurity\n  configuration: {kind: X}\n'), 'expected kind PodSecurityConfiguration'],
  [admission('- PodSecurity\n'), 'plugins[0]: must be an object'],
  [`${admission('')}plugins: []`, 'key "plugins" already set in map'],
])('what is no configuration is refused: %s', (text, why) => {
  expect(() => read(text)).toThrow(why);
});
