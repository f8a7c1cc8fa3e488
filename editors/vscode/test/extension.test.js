'use strict';
// node --test editors/vscode/test; POLICYENGINE names a python that has the language server.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { afterEach, beforeEach, test } = require('node:test');
const { find, inPack, installing } = require('../find');
const { document, editor, extension } = require('./editor');

let place;

beforeEach(() => {
  place = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'policyengine 政策 ')));
  file('policies/national/pack.yaml', 'pack: national\n');
  Object.assign(editor, { language: 'en', settings: {}, folders: [place], documents: [], buttons: [], answer: undefined });
  for (const kept of ['told', 'ran', 'copied', 'sent']) editor[kept] = [];
  process.env.PATH = '/nowhere';
});

afterEach(async () => {
  await extension.deactivate();
  fs.rmSync(place, { recursive: true });
});

function file(name, text = '') {
  const whole = path.join(place, name);
  fs.mkdirSync(path.dirname(whole), { recursive: true });
  fs.writeFileSync(whole, text, { mode: 0o755 });
  return whole;
}

function program(name, text = `exec "${process.env.POLICYENGINE}" -m policyengine "$@"`) {
  return file(name, `#!/bin/sh\n${text}\n`);
}

function opened(name) {
  extension.activate({ subscriptions: [] });
  editor.open(document(path.join(place, name)));
}

async function until(so) {
  for (let i = 0; i < 600 && !so(); i++) await new Promise((done) => setTimeout(done, 100));
  assert.ok(so());
}

// --- where the program is ----------------------------------------------------------------------------------------------

test('the setting comes first, then .venv of the folder, then PATH', () => {
  const [mine, venv, onPath] = ['tools/mine', '.venv/bin/policyengine', 'bin/policyengine'].map((name) => file(name));
  const environment = { PATH: ['bin', path.join(place, 'bin')].join(path.delimiter) }; // a relative one is nobody's
  const found = (setting) => find(setting, [place], environment, 'linux');
  assert.deepStrictEqual(found(mine), { command: mine });
  assert.deepStrictEqual(found(' tools/mine '), { command: mine });
  assert.deepStrictEqual(found('policyengine'), { command: onPath });
  assert.deepStrictEqual(found('tools'), { wrong: 'tools' });
  assert.deepStrictEqual(found('tools/'), { wrong: 'tools/' });
  assert.deepStrictEqual(found(''), { command: venv });
  fs.rmSync(venv);
  assert.deepStrictEqual(found(''), { command: onPath });
  assert.deepStrictEqual(find('', [place], { PATH: 'bin' }, 'linux'), {});
});

test('on Windows it is an .exe, in Scripts', () => {
  const venv = file('.venv/Scripts/policyengine.exe');
  assert.deepStrictEqual(find('', [place], {}, 'win32'), { command: venv });
  const other = file('bin/policyengine.exe');
  assert.deepStrictEqual(find('', [], { Path: path.join(place, 'bin') }, 'win32'), { command: other });
  assert.deepStrictEqual(find('policyengine', [place], { Path: path.join(place, 'bin') }, 'win32'), { command: other });
});

test('a file belongs to the pack whose pack.yaml is up to four folders above', () => {
  const of = (name) => inPack(path.join(place, 'policies/national', name));
  assert.deepStrictEqual(['pack.yaml', 'tests/a/b/c.yaml', 'tests/a/b/c/d.yaml', '../x.yaml'].map(of), [true, true, false, false]);
});

test('what is missing is installed beside the program', () => {
  const command = file('.venv/bin/policyengine');
  assert.strictEqual(installing(command, place, 'linux'), "pip install 'policyengine-cpd[editor]'");
  const python = file('.venv/bin/python');
  const inside = path.relative(place, python);
  assert.strictEqual(installing(command, place, 'linux'), `${inside} -m pip install 'policyengine-cpd[editor]'`);
  assert.strictEqual(installing(command, '/other', 'win32'), `& "${python}" -m pip install "policyengine-cpd[editor]"`);
});

// --- the server ----------------------------------------------------------------------------------------------------------

test('a file of a pack starts the server, once; another file does not', async () => {
  program('.venv/bin/policyengine');
  opened('docker-compose.yaml');
  editor.open(document(path.join(place, 'policies/national/README.md'), 'markdown'));
  await new Promise((done) => setTimeout(done, 300));
  assert.strictEqual(editor.answer, undefined);
  editor.open(document(path.join(place, 'policies/national/rules.yaml')));
  await until(() => editor.answer);
  assert.match(editor.answer, /"hoverProvider"/);
  assert.match(editor.answer, /"policyengine.checkFolders"/);
  await editor['policyengine.check']();
  assert.deepStrictEqual(editor.sent, [['workspace/executeCommand', { command: 'policyengine.checkFolders', arguments: [] }]]);
  assert.deepStrictEqual(editor.told, []);
});

test('where there is no program, it is said where it was looked for', async () => {
  opened('policies/national/rules.yaml');
  await until(() => editor.told.length);
  assert.match(editor.told[0][0], new RegExp(`not found, neither in .venv of ${place} nor on PATH`));
  assert.deepStrictEqual(editor.told[0].slice(1), ['Open the setting', 'Try again']);
  editor.open(document(path.join(place, 'policies/national/pack.yaml')));
  await new Promise((done) => setTimeout(done, 100));
  assert.strictEqual(editor.told.length, 1); // not for every file
});

test('in Chinese where the editor is, or where the setting says so', async () => {
  editor.language = 'zh-cn';
  opened('policies/national/rules.yaml');
  await until(() => editor.told.length);
  assert.match(editor.told[0][0], new RegExp(`^PolicyEngine: 未找到 policyengine：${place} 的 .venv 和 PATH 上没有。`));
  editor.folders = [];
  await editor['policyengine.restart']();
  assert.match(editor.told[1][0], /未找到 policyengine：没有打开文件夹；PATH 上没有。/);
  editor.settings = { command: 'tools/mine', language: 'en' };
  await editor['policyengine.restart']();
  assert.match(editor.told[2][0], /no program at tools\/mine, which the setting/);
});

test('a program without the language server: the line that installs it; then once more', async () => {
  const command = program('.venv/bin/policyengine', 'echo "error PE908: not installed" >&2; exit 2');
  file('.venv/bin/python');
  editor.language = 'zh-cn';
  editor.buttons = ['复制命令'];
  opened('policies/national/rules.yaml');
  await until(() => editor.told.length);
  const line = ".venv/bin/python -m pip install 'policyengine-cpd[editor]'";
  assert.strictEqual(editor.told[0][0], `PolicyEngine: ${command} 未安装语言服务所需的部件。请在终端中运行：${line}`);
  await until(() => editor.copied.length);
  assert.deepStrictEqual(editor.copied, [line]);
  program('.venv/bin/policyengine');
  await editor['policyengine.check'](); // who asks again has another try
  assert.strictEqual(editor.sent.length, 1);
  assert.strictEqual(editor.told.length, 1);
});

test('a program that is no server, or that can not be run, is told with what it said', async () => {
  program('.venv/bin/policyengine', 'echo "no such option" >&2; exit 2');
  opened('policies/national/rules.yaml');
  await until(() => editor.told.length);
  assert.match(editor.told[0][0], /did not become a language server: no such option$/);
  fs.chmodSync(path.join(place, '.venv/bin/policyengine'), 0o644);
  await editor['policyengine.restart']();
  await until(() => editor.told.length === 2);
  assert.match(editor.told[1][0], /EACCES/);
});

test('a server that ends is told, and comes back when asked', async () => {
  program('.venv/bin/policyengine');
  editor.buttons = ['Try again'];
  opened('policies/national/rules.yaml');
  await until(() => editor.answer);
  await new Promise((done) => setTimeout(done, 100));
  editor.answer = undefined;
  editor.process.kill('SIGKILL');
  await until(() => editor.told.length && editor.answer);
  assert.strictEqual(editor.told[0][0], 'PolicyEngine: the language server has ended');
});

test('a new pack is asked for in a terminal, in the language spoken', async () => {
  const command = program('.venv/bin/policyengine');
  editor.settings = { language: 'zh' };
  extension.activate({ subscriptions: [] });
  await editor['policyengine.new']();
  const words = ['--lang', 'zh', 'new', 'social_work'];
  assert.deepStrictEqual({ ...editor.task.run }, { program: command, words, options: { cwd: place } });
  editor.folders = [];
  await editor['policyengine.new']();
  assert.match(editor.told[0][0], /请先打开 policies\/ 所在的文件夹/);
});
