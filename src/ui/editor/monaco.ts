// Monaco with YAML and the Kubernetes schema, loaded when the page has nothing better to do. Only what the page uses of it.

import * as monaco from 'monaco-editor/editor';
import EditorWorker from 'monaco-editor/editor/editor.worker?worker';
import { configureMonacoYaml } from 'monaco-yaml';
import 'monaco-editor/features/register.all';
import 'monaco-editor/languages/definitions/yaml/register';
import type { Problem } from './locate.ts';
import YamlWorker from './yaml.worker.ts?worker';

const makeWorker = (label: string): Worker =>
  label === 'yaml' ? new YamlWorker({ name: 'yaml' }) : new EditorWorker({ name: 'monaco' });
self.MonacoEnvironment = { getWorker: (_id: string, label: string) => makeWorker(label) };

// Monaco >= 0.53 takes a worker where monaco-yaml still passes a label and data: start the worker the old way and hand it over.
// Its completions are all snippets, which Monaco takes for a change of the text even when they say what stands there already: those without a place to fill in
// become plain texts, so that Enter behind a complete value ends the line.
const forYaml = {
  ...monaco,
  languages: {
    ...monaco.languages,
    registerCompletionItemProvider(
      selector: monaco.languages.LanguageSelector,
      provider: monaco.languages.CompletionItemProvider,
    ) {
      return monaco.languages.registerCompletionItemProvider(selector, {
        ...provider,
        async provideCompletionItems(...request) {
          const list = await provider.provideCompletionItems(...request);
          for (const item of list?.suggestions ?? []) if (!/[$\\\n]/.test(item.insertText)) delete item.insertTextRules;
          return list;
        },
      });
    },
  },
  editor: {
    ...monaco.editor,
    createWebWorker(options: { label?: string; createData?: unknown }) {
      const worker = makeWorker(options.label ?? '');
      worker.postMessage('ignore');
      worker.postMessage(options.createData);
      return monaco.editor.createWebWorker({ worker });
    },
  },
};

interface Schema {
  title?: string;
  definitions?: Record<string, Schema>;
}

/** The schema with names a reader knows: "Deployment" instead of io.k8s.api.apps.v1.Deployment. */
function titled(schema: Schema): Schema {
  const definitions = Object.entries(schema.definitions ?? {}).map(([name, definition]): [string, Schema] => [
    name,
    { title: name.slice(name.lastIndexOf('.') + 1), ...definition },
  ]);
  return { title: 'Kubernetes', ...schema, definitions: Object.fromEntries(definitions) };
}

// What the YAML service finds against the schema are mistakes the API server refuses, so they are shown as errors, and in fewer words.
monaco.editor.onDidChangeMarkers((resources) => {
  for (const resource of resources) {
    const model = monaco.editor.getModel(resource);
    const found = monaco.editor.getModelMarkers({ resource, owner: 'yaml' });
    if (!model || !found.some((marker) => marker.source?.startsWith('yaml-schema'))) continue;
    monaco.editor.setModelMarkers(
      model,
      'yaml',
      found.map(({ code: _, ...marker }) =>
        marker.source?.startsWith('yaml-schema')
          ? {
              ...marker,
              severity: monaco.MarkerSeverity.Error,
              source: 'Kubernetes schema',
              message: plainer(marker.message),
            }
          : marker,
      ),
    );
  }
});

function plainer(message: string): string {
  const unknown = /^Property (\S+) is not allowed/.exec(message);
  if (unknown) return `There is no field "${unknown[1]}" here.`;
  const values = /^Value is not accepted\. Valid values: (.*)$/s.exec(message)?.[1]?.split(', ');
  if (values && values.length > 8) return `Not a known value. Ctrl-Space lists the ${values.length} that are.`;
  return message;
}

let configured: ReturnType<typeof configureMonacoYaml> | undefined;

/** Tells the editor what Kubernetes objects look like. `schema`: a JSON Schema for one object. */
export function useSchema(schema: object | undefined): void {
  const options = {
    enableSchemaRequest: false,
    isKubernetes: true,
    validate: true,
    hover: true,
    completion: true,
    format: false,
    schemas: schema
      ? [
          {
            // hovers end with a link there, named by its last part
            uri: 'https://kubernetes.io/docs/reference/kubernetes-api',
            fileMatch: ['**/*.yaml', '**/*.yml', '**/*.json'],
            schema: titled(schema),
          },
        ]
      : [],
  };
  if (configured) void configured.update(options as never);
  else configured = configureMonacoYaml(forYaml as never, options as never);
}

export interface TextEditor {
  /** Shows a file, keeping each one's undo history and scroll position. */
  show(name: string, text: string): void;
  replace(name: string, text: string): void;
  forget(name: string): void;
  mark(name: string, problems: readonly Problem[]): void;
  reveal(problem: Problem): void;
  setDark(dark: boolean): void;
  focus(): void;
  close(): void;
}

monaco.editor.defineTheme('drydock-light', {
  base: 'vs',
  inherit: true,
  rules: [
    { token: 'type.yaml', foreground: '0a5ea6' },
    { token: 'string.yaml', foreground: '13775c' },
    { token: 'number.yaml', foreground: '9c4a12' },
    { token: 'comment.yaml', foreground: '54676f' },
  ],
  colors: {
    'editor.background': '#ffffff',
    'editor.foreground': '#0f2032',
    'editorLineNumber.foreground': '#5f7283',
    'editorLineNumber.dimmedForeground': '#5f7283',
    'editorLineNumber.activeForeground': '#40566a',
    'editor.lineHighlightBackground': '#f5f7f9',
    'editor.lineHighlightBorder': '#00000000',
    'editorIndentGuide.background1': '#e4eaef',
  },
});
monaco.editor.defineTheme('drydock-dark', {
  base: 'vs-dark',
  inherit: true,
  rules: [
    { token: 'type.yaml', foreground: '7cc0f5' },
    { token: 'string.yaml', foreground: '6fd0ae' },
    { token: 'number.yaml', foreground: 'eda77c' },
    { token: 'comment.yaml', foreground: '8597a6' },
  ],
  colors: {
    'editor.background': '#101f2e',
    'editor.foreground': '#e6eef5',
    'editorLineNumber.foreground': '#8497a8',
    'editorLineNumber.dimmedForeground': '#8497a8',
    'editorLineNumber.activeForeground': '#afc0cf',
    'editor.lineHighlightBackground': '#152738',
    'editor.lineHighlightBorder': '#00000000',
    'editorIndentGuide.background1': '#20354a',
  },
});

const uriOf = (name: string) => monaco.Uri.parse(`file:///${encodeURIComponent(name)}`);

/** Opens an editor in an element. */
export function openEditor(
  element: HTMLElement,
  options: { dark: boolean; typed: (name: string, text: string) => void; apply: () => void },
): TextEditor {
  const mono = getComputedStyle(document.documentElement).getPropertyValue('--mono').trim();
  const editor = monaco.editor.create(element, {
    model: null,
    theme: options.dark ? 'drydock-dark' : 'drydock-light',
    automaticLayout: true,
    fontFamily: mono,
    fontSize: 12.5,
    lineHeight: 19,
    tabSize: 2,
    insertSpaces: true,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    renderLineHighlight: 'line',
    lineNumbersMinChars: 3,
    lineDecorationsWidth: 6,
    folding: true,
    padding: { top: 10, bottom: 10 },
    overviewRulerLanes: 0,
    guides: { indentation: true },
    // Enter ends a line that needs no completing; words of the text are no suggestions where there is a schema
    acceptSuggestionOnEnter: 'smart',
    wordBasedSuggestions: 'off',
    quickSuggestions: { strings: true, other: true, comments: false },
    fixedOverflowWidgets: true,
    ariaLabel: 'YAML editor',
    scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10 },
  });
  editor.addAction({
    id: 'drydock.apply',
    label: 'Apply to the cluster',
    keybindings: [monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter],
    run: () => options.apply(),
  });
  // Monaco colours text when the page is idle, which a page with a cluster in it may never be
  const grammar = monaco.editor.colorize('a: b', 'yaml', {});
  const colour = (model: monaco.editor.ITextModel) =>
    void grammar.then(() => {
      if (!model.isDisposed()) monaco.editor.colorizeModelLine(model, Math.min(model.getLineCount(), 500));
    });
  const views = new Map<string, ReturnType<typeof editor.saveViewState>>();
  let current = '';
  let silent = false;

  const modelOf = (name: string, text: string) => {
    const known = monaco.editor.getModel(uriOf(name));
    if (known) return known;
    const model = monaco.editor.createModel(text, 'yaml', uriOf(name));
    colour(model);
    model.onDidChangeContent(() => {
      if (!silent) options.typed(name, model.getValue());
    });
    return model;
  };

  const replace = (name: string, text: string) => {
    const model = monaco.editor.getModel(uriOf(name));
    if (!model || model.getValue() === text) return;
    silent = true;
    model.pushEditOperations([], [{ range: model.getFullModelRange(), text }], () => null);
    silent = false;
  };

  return {
    show(name, text) {
      if (current) views.set(current, editor.saveViewState());
      current = name;
      editor.setModel(modelOf(name, text));
      replace(name, text);
      const view = views.get(name);
      if (view) editor.restoreViewState(view);
    },
    replace,
    forget(name) {
      views.delete(name);
      if (current === name) current = '';
      monaco.editor.getModel(uriOf(name))?.dispose();
    },
    mark(name, problems) {
      const model = monaco.editor.getModel(uriOf(name));
      if (!model) return;
      monaco.editor.setModelMarkers(
        model,
        'apiserver',
        problems.map((problem) => ({
          severity: monaco.MarkerSeverity.Error,
          source: 'API server',
          message: problem.message,
          startLineNumber: problem.line,
          startColumn: problem.column,
          endLineNumber: problem.endLine,
          endColumn: problem.endColumn,
        })),
      );
    },
    reveal(problem) {
      editor.revealLineInCenterIfOutsideViewport(problem.line);
      editor.setPosition({ lineNumber: problem.line, column: problem.column });
      editor.focus();
    },
    setDark: (dark) => monaco.editor.setTheme(dark ? 'drydock-dark' : 'drydock-light'),
    focus: () => editor.focus(),
    close() {
      editor.dispose();
      for (const model of monaco.editor.getModels()) model.dispose();
    },
  };
}
