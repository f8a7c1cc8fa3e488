'use strict';
// Stands in for VS Code and for vscode-languageclient, which are not here: what the extension asks of them is kept.

const Module = require('node:module');
const path = require('node:path');

const editor = { language: 'en', settings: {}, folders: [], documents: [], buttons: [], told: [], ran: [], copied: [], sent: [] };
const disposable = { dispose() {} };
const uri = (file) => ({ scheme: 'file', fsPath: file, toString: () => `file://${file}` });
const document = (file, languageId = 'yaml') => ({ uri: uri(file), languageId });

const vscode = {
  env: { get language() { return editor.language; }, clipboard: { writeText: (text) => editor.copied.push(text) } },
  window: {
    activeTextEditor: undefined,
    createOutputChannel: () => ({ appendLine() {}, append() {}, show() {}, ...disposable }),
    showErrorMessage: async (message, ...buttons) => {
      editor.told.push([message, ...buttons]);
      return buttons.includes(editor.buttons[0]) ? editor.buttons.shift() : undefined;
    },
    withProgress: (options, run) => run(),
    showInputBox: async () => 'social_work',
  },
  workspace: {
    get workspaceFolders() { return editor.folders.map((folder) => ({ uri: uri(folder) })); },
    get textDocuments() { return editor.documents; },
    getWorkspaceFolder: () => undefined,
    getConfiguration: () => ({ get: (name, otherwise) => editor.settings[name] ?? otherwise }),
    createFileSystemWatcher: () => disposable,
    onDidOpenTextDocument: (listen) => ((editor.open = listen), disposable),
    onDidChangeConfiguration: (listen) => ((editor.configured = listen), disposable),
  },
  commands: {
    registerCommand: (name, run) => ((editor[name] = run), disposable),
    executeCommand: async (...words) => editor.ran.push(words),
  },
  tasks: { executeTask: async (task) => (editor.task = task) },
  ProgressLocation: { Window: 10 },
  TaskScope: { Workspace: 2 },
  ProcessExecution: class { constructor(program, words, options) { Object.assign(this, { program, words, options }); } },
  Task: class { constructor(...parts) { this.run = parts[4]; } },
};

/** Starts the program that it is given, and greets it as the protocol says. */
class LanguageClient {
  constructor(id, name, server, options) {
    Object.assign(this, { server, options, running: false });
  }
  isRunning() { return this.running; }
  needsStop() { return this.running; }
  error() {}
  async start() {
    this.process = editor.process = await this.server();
    this.process.once('close', () => {
      this.running = false;
      this.options.errorHandler.closed();
    });
    const answered = new Promise((done) => {
      this.process.stdout.once('data', (data) => done(String(data)));
      this.process.once('close', () => done(undefined));
    });
    this.process.stdin.on('error', () => undefined);
    this.write({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { capabilities: {}, processId: null, rootUri: null } });
    this.running = Boolean(editor.answer = await answered);
  }
  write(message) {
    const text = JSON.stringify(message);
    this.process.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }
  async sendRequest(...request) { editor.sent.push(request); }
  async stop() { this.process.stdin.end(); }
}
const client = { LanguageClient, CloseAction: { DoNotRestart: 1 }, ErrorAction: { Continue: 1 } };

const load = Module._load;
Module._load = (name, ...rest) => ({ vscode, 'vscode-languageclient/node': client })[name] ?? load(name, ...rest);
const extension = require(path.join(__dirname, '..', 'extension.js'));

module.exports = { document, editor, extension };
