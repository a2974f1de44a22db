import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { detectFile, modelExtensions, type Detection } from '../formats/detection';
import { isModel } from '../formats/detection/formats';
import { FailureError } from '../report/failure';
import { contextKeys } from './identifiers';
import { affectsModels, excludedFiles } from './settings';

/** A file that is a model by its content. */
export interface DetectedModel {
  readonly uri: vscode.Uri;
  /** Path below its workspace folder. */
  readonly path: string;
  readonly detection: Detection;
}

interface Known {
  readonly fingerprint: string;
  readonly detection: Detection | null;
}

/** More files than a person reads through are not looked at; the view says when there are more. */
const mostFiles = 500;
const peeksAtOnce = 8;
/** A training script writes checkpoints in bursts: one look for all of them. */
const settleMilliseconds = 500;

const modelGlob = `**/*.{${modelExtensions.join(',')}}`;
/** Names that models share with much else: looked at after the others, so that these cannot crowd them out. */
const ambiguousGlob = '**/{*.bin,*.pb,*.ckpt,model.json}';

/**
 * The models of the workspace, found by file extension, decided by content, and kept true by watching. The first look
 * is taken when somebody asks for the list. A file that did not change since the last look is not read again.
 */
export class DetectedModels implements vscode.Disposable {
  private readonly log: vscode.LogOutputChannel;
  private readonly disposables: { dispose: () => unknown }[] = [];
  private readonly changed = new vscode.EventEmitter<void>();
  private known = new Map<string, Known>();
  private pendingList: Promise<readonly DetectedModel[]> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private wasTruncated = false;

  /** The list is no longer what it was. */
  readonly onDidChange = this.changed.event;

  constructor(log: vscode.LogOutputChannel) {
    this.log = log;
    this.disposables.push(this.changed);
  }

  /** Whether the workspace holds more files than were looked at. */
  get truncated(): boolean {
    return this.wasTruncated;
  }

  /** The files that were models when they were last looked at. */
  get paths(): readonly string[] {
    return [...this.known].flatMap(([path, { detection }]) => (detection === null ? [] : [path]));
  }

  list(): Promise<readonly DetectedModel[]> {
    if (this.pendingList === null) {
      this.watch();
      this.pendingList = this.look();
    }
    return this.pendingList;
  }

  /** Looks again and tells the listeners. */
  refresh(): void {
    if (this.pendingList === null) return;
    // One look at a time: the next begins when the last has ended, whatever became of it.
    this.pendingList = this.pendingList.catch(() => []).then(() => this.look());
    this.changed.fire();
  }

  dispose(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    for (const disposable of this.disposables) disposable.dispose();
  }

  private watch(): void {
    const refreshSoon = (): void => {
      this.timer ??= setTimeout(() => {
        this.timer = null;
        this.refresh();
      }, settleMilliseconds);
    };
    for (const glob of [modelGlob, ambiguousGlob]) {
      const watcher = vscode.workspace.createFileSystemWatcher(glob);
      this.disposables.push(
        watcher,
        watcher.onDidCreate(refreshSoon),
        watcher.onDidChange(refreshSoon),
        watcher.onDidDelete(refreshSoon),
      );
    }
    this.disposables.push(
      vscode.workspace.onDidChangeWorkspaceFolders(refreshSoon),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (affectsModels(event)) refreshSoon();
      }),
    );
  }

  private async look(): Promise<readonly DetectedModel[]> {
    const found: vscode.Uri[] = [];
    for (const glob of [modelGlob, ambiguousGlob])
      found.push(...(await vscode.workspace.findFiles(glob, excludedFiles(), mostFiles + 1)));
    const onDisk = found.filter(({ scheme }) => scheme === 'file');
    this.wasTruncated = onDisk.length > mostFiles;
    const files = onDisk.slice(0, mostFiles).sort((a, b) => a.path.localeCompare(b.path));
    const known = new Map<string, Known>();
    const waiting = files.values();
    const peek = async (): Promise<void> => {
      for (const { fsPath } of waiting) {
        const one = await this.detect(fsPath);
        if (one !== null) known.set(fsPath, one);
      }
    };
    await Promise.all(Array.from({ length: peeksAtOnce }, peek));
    this.known = known;
    const models = files.flatMap((uri): DetectedModel[] => {
      const detection = known.get(uri.fsPath)?.detection ?? null;
      return detection === null ? [] : [{ uri, path: vscode.workspace.asRelativePath(uri), detection }];
    });
    const paths = models.flatMap(({ uri }) => [uri.fsPath, uri.path]);
    await vscode.commands.executeCommand('setContext', contextKeys.detectedFiles, paths);
    return models;
  }

  private async detect(path: string): Promise<Known | null> {
    let fingerprint: string;
    try {
      const { mtimeMs, size } = await stat(path);
      fingerprint = `${String(mtimeMs)} ${String(size)}`;
    } catch {
      return null; // gone since it was found
    }
    const before = this.known.get(path);
    if (before?.fingerprint === fingerprint) return before;
    try {
      const detection = await detectFile(path);
      return { fingerprint, detection: isModel(detection.format) ? detection : null };
    } catch (thrown) {
      // Not readable: it is not listed, and asking for its analysis says why.
      const reason = thrown instanceof FailureError ? thrown.failure.message : String(thrown);
      this.log.debug(`${path} is not listed: ${reason}`);
      return { fingerprint, detection: null };
    }
  }
}
