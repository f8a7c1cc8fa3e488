'use strict';
// Where the program is that serves a folder, and which files are a pack's.

const fs = require('node:fs');
const path = require('node:path');

const DEEPEST = 4; // folders above a file in which its pack.yaml may lie: as policyengine.lsp.library.folder_of

/** The program: `{command}`, or `{wrong}`: the setting where it names none, or `{}` where there is none anywhere. */
function find(setting, folders, environment = process.env, platform = process.platform) {
  const windows = platform === 'win32';
  const name = windows ? 'policyengine.exe' : 'policyengine';
  const onPath = (program) => directories(environment).map((folder) => path.join(folder, program)).find(isFile);
  const wanted = setting.trim();
  if (wanted) {
    const named = /[\\/]/.test(wanted)
      ? [...folders, ''].map((folder) => path.resolve(folder, wanted)).find(isFile)
      : onPath(wanted) ?? (windows ? onPath(`${wanted}.exe`) : undefined);
    return named ? { command: named } : { wrong: wanted };
  }
  const inside = path.join('.venv', windows ? 'Scripts' : 'bin', name);
  const command = folders.map((folder) => path.join(folder, inside)).find(isFile) ?? onPath(name);
  return command ? { command } : {};
}

/** The folders of PATH; none that is relative, which would be one of the folder that is open. */
function directories(environment) {
  const key = Object.keys(environment).find((name) => name.toUpperCase() === 'PATH');
  const listed = (key && environment[key]) || '';
  return listed.split(path.delimiter).map((folder) => folder.replace(/^"(.*)"$/, '$1')).filter(path.isAbsolute);
}

function isFile(file) {
  try {
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Whether a file belongs to a pack. */
function inPack(file) {
  let folder = path.dirname(file);
  for (let i = 0; i < DEEPEST; i++, folder = path.dirname(folder)) {
    if (isFile(path.join(folder, 'pack.yaml'))) return true;
  }
  return false;
}

/** The line for a terminal that installs what the language server needs, beside the program. */
function installing(command, folder, platform = process.platform) {
  const windows = platform === 'win32';
  const wanted = windows ? '"policyengine-cpd[editor]"' : "'policyengine-cpd[editor]'";
  const python = ['python.exe', 'python', 'python3'].map((name) => path.join(path.dirname(command), name)).find(isFile);
  if (!python) return `pip install ${wanted}`;
  const inside = folder && !path.relative(folder, python).startsWith('..') && !path.isAbsolute(path.relative(folder, python));
  const named = inside ? path.relative(folder, python) : python;
  const quoted = /\s/.test(named) ? `${windows ? '& ' : ''}"${named}"` : named; // & is PowerShell's
  return `${quoted} -m pip install ${wanted}`;
}

module.exports = { find, inPack, installing };
