'use strict';
// Starts the language server of policyengine for the packs that are open, and says what to do where it can't.

const { spawn } = require('node:child_process');
const vscode = require('vscode');
const { CloseAction, ErrorAction, LanguageClient } = require('vscode-languageclient/node');
const { find, inPack, installing } = require('./find');

const FILES = '**/{pack,rules*}.{yaml,yml}';
const CASES = '**/tests/**/*.{yaml,yml}';
const TABLES = '**/tables/*.csv';
const MISSING = 'PE908'; // what a program says whose extra "editor" is not installed

/** What goes wrong is told here, in two languages and with what to do; the library's own words go to the output. */
class Client extends LanguageClient {
  error(message, data) {
    super.error(message, data, false);
  }
}

let output; // what the server says besides
let watchers; // of the files that a check reads
let client; // the server that runs, or starts
let child; // its process
let attempt; // the promise of its start: true or false; a failed one is not repeated unasked

function activate(context) {
  output = vscode.window.createOutputChannel('PolicyEngine');
  const { commands, workspace } = vscode;
  watchers = [FILES, CASES, TABLES].map((pattern) => workspace.createFileSystemWatcher(pattern));
  context.subscriptions.push(
    output,
    ...watchers,
    commands.registerCommand('policyengine.check', check),
    commands.registerCommand('policyengine.new', newPack),
    commands.registerCommand('policyengine.restart', restart),
    workspace.onDidOpenTextDocument(serve),
    workspace.onDidChangeConfiguration((e) => (attempt && e.affectsConfiguration('policyengine') ? restart() : undefined)),
  );
  workspace.textDocuments.forEach(serve);
}

async function deactivate() {
  await stop();
}

// --- language: that of the setting, else of the editor -----------------------------------------------------------------

function language() {
  const wanted = vscode.workspace.getConfiguration('policyengine').get('language', 'editor');
  return wanted === 'editor' ? (vscode.env.language.toLowerCase().startsWith('zh') ? 'zh' : 'en') : wanted;
}

function say(en, zh) {
  return language() === 'zh' ? zh : en;
}

// --- the server ----------------------------------------------------------------------------------------------------------

/** Start the server with the first file of a pack. */
function serve(document) {
  if (document.uri.scheme === 'file' && document.languageId === 'yaml' && inPack(document.uri.fsPath)) start();
}

function start() {
  attempt ??= launch().catch((error) => {
    tell(say(`the language server could not be started: ${error.message}`, `语言服务无法启动：${error.message}`));
    return false;
  });
  return attempt;
}

async function stop() {
  const [running, its] = [client, child];
  client = child = attempt = undefined;
  if (running?.needsStop()) await running.stop().catch(() => its?.kill()); // one that only starts can't be asked to
}

async function restart() {
  await stop();
  return start();
}

/** The open folders, that of the file in front first. */
function folders() {
  const front = vscode.window.activeTextEditor?.document.uri;
  const first = front && vscode.workspace.getWorkspaceFolder(front);
  const all = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file');
  return [...all.filter((f) => f === first), ...all.filter((f) => f !== first)].map((folder) => folder.uri.fsPath);
}

/** The program, or undefined where there is none, of which people are told. */
function program() {
  const setting = vscode.workspace.getConfiguration('policyengine').get('command', '');
  const { command, wrong } = find(setting, folders());
  if (command) return command;
  if (wrong) {
    tell(
      say(
        `there is no program at ${wrong}, which the setting policyengine.command names`,
        `设置 policyengine.command 所指的 ${wrong} 处没有程序`,
      ),
      settings(),
    );
  } else {
    const [folder] = folders();
    const [en, zh] = folder
      ? [`in .venv of ${folder} nor`, `${folder} 的 .venv 和 `]
      : ['in a folder (none is open) nor', '没有打开文件夹；'];
    tell(
      say(
        `policyengine was not found, neither ${en} on PATH. Install it (pip install "policyengine-cpd[editor]"), ` +
          'or give its path in the setting policyengine.command.',
        `未找到 policyengine：${zh}PATH 上没有。请安装（pip install "policyengine-cpd[editor]"），` +
          '或在设置 policyengine.command 中写明其路径。',
      ),
      settings(),
    );
  }
  return undefined;
}

async function launch() {
  const command = program();
  if (!command) return false;
  const asked = vscode.workspace.getConfiguration('policyengine').get('language', 'editor');
  const words = [...(asked === 'editor' ? [] : ['--lang', asked]), 'lsp'];
  const [cwd] = folders(); // undefined where none is open
  output.appendLine(`> ${command} ${words.join(' ')}`);
  const server = { said: '', ready: false, ended: undefined };
  const ended = new Promise((done) => (server.ended = done));
  const starting = new Client('policyengine', 'PolicyEngine', () => spawned(server, command, words, cwd), {
    documentSelector: [FILES, CASES].map((pattern) => ({ scheme: 'file', pattern })),
    outputChannel: output,
    synchronize: { fileEvents: watchers },
    initializationFailedHandler: () => false,
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        if (server.ready && client === starting) gone(server);
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
  });
  client = starting;
  // a start that failed is a promise kept or broken; what the program said comes with its end
  const started = starting.start().catch(() => undefined);
  await Promise.race([started, ended]);
  const up = starting.isRunning();
  server.ready = up;
  if (!up && client === starting) {
    await Promise.race([ended, new Promise((done) => setTimeout(done, 2000))]);
    client = undefined;
    refused(server, command, cwd);
  }
  return up;
}

/** The process of the server; what it says besides is kept, for the message where it ends at once. */
function spawned(server, command, words, cwd) {
  return new Promise((started, failed) => {
    child = spawn(command, words, { cwd, env: { ...process.env, PYTHONIOENCODING: 'utf-8' } });
    const its = child;
    its.once('spawn', () => started(its));
    its.once('error', (error) => {
      server.said += error.message;
      server.ended();
      failed(error);
    });
    its.once('close', server.ended); // its output has been read
    its.stderr.on('data', (part) => (server.said = (server.said + part).slice(-4000)));
  });
}

function refused(server, command, folder) {
  const line = installing(command, folder);
  if (server.said.includes(MISSING)) {
    const copy = [say('Copy the command', '复制命令'), () => vscode.env.clipboard.writeText(line)];
    tell(
      say(
        `${command} lacks the language server. In a terminal: ${line}`,
        `${command} 未安装语言服务所需的部件。请在终端中运行：${line}`,
      ),
      copy,
    );
    return;
  }
  const last = lastOf(server);
  tell(say(`${command} did not become a language server${last}`, `${command} 未能提供语言服务${last}`), shown());
}

function gone(server) {
  client = undefined;
  const last = lastOf(server);
  tell(say(`the language server has ended${last}`, `语言服务已退出${last}`), shown());
}

/** The last line of what it said, behind a colon. */
function lastOf(server) {
  const line = server.said.trim().split('\n').pop();
  return line && say(`: ${line}`, `：${line}`);
}

/** An error with buttons; the last one tries again. */
async function tell(message, ...buttons) {
  const all = [...buttons, [say('Try again', '重试'), restart]];
  const chosen = await vscode.window.showErrorMessage(`PolicyEngine: ${message}`, ...all.map(([label]) => label));
  await all.find(([label]) => label === chosen)?.[1]();
}

function settings() {
  const open = () => vscode.commands.executeCommand('workbench.action.openSettings', 'policyengine.command');
  return [say('Open the setting', '打开设置'), open];
}

function shown() {
  return [say('Show the output', '显示输出'), () => output.show()];
}

// --- commands --------------------------------------------------------------------------------------------------------------

/** All packs of the open folders, whether a file of theirs is open or not; the server says how it went. */
async function check() {
  if (!(await (client ? start() : restart()))) return; // what failed before is tried again
  const request = { command: 'policyengine.checkFolders', arguments: [] };
  const title = say('PolicyEngine: checking all packs', 'PolicyEngine：正在检查全部政策包');
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
    client.sendRequest('workspace/executeCommand', request),
  );
  await vscode.commands.executeCommand('workbench.actions.view.problems');
}

/** A pack for a sector: what it asks is asked in a terminal. */
async function newPack() {
  const [folder] = folders();
  if (!folder) {
    vscode.window.showErrorMessage(say('PolicyEngine: open the folder that holds policies/ first', 'PolicyEngine：请先打开 policies/ 所在的文件夹'));
    return;
  }
  const command = program();
  if (!command) return;
  const sector = await vscode.window.showInputBox({
    prompt: say('Id of the sector, in small English letters: social_work', '行业的英文标识，小写：social_work'),
    ignoreFocusOut: true,
  });
  if (!sector?.trim()) return;
  const name = say('new pack', '新建政策包');
  const run = new vscode.ProcessExecution(command, ['--lang', language(), 'new', sector.trim()], { cwd: folder });
  const task = new vscode.Task({ type: 'process' }, vscode.TaskScope.Workspace, name, 'PolicyEngine', run, []);
  task.presentationOptions = { focus: true, clear: true };
  await vscode.tasks.executeTask(task);
}

module.exports = { activate, deactivate };
