import './host/translations';
import * as vscode from 'vscode';
import { AnalysisPanels } from './host/analysisPanels';
import { registerAssistantServer } from './host/assistantServer';
import { registerCommands } from './host/commands';
import { registerCompareCommand } from './host/compareCommand';
import { ComparisonMemory } from './host/comparisonMemory';
import { DetectedModels } from './host/detectedModels';
import { editorViewTypes, panelViewType } from './host/identifiers';
import { KeptReports } from './host/keptReports';
import { ModelsView } from './host/modelsView';
import { ReportEditor } from './host/reportEditor';
import { requestSettings } from './host/settings';
import { createStatusItem } from './host/statusItem';
import type { PanelState } from './report/panelMessages';
import { WorkerClient } from './worker/client';

/** What `activate` gives to other extensions, and to the tests: a look at the open panels. */
export interface ModelSharpness {
  readonly states: () => readonly PanelState[];
  readonly onDidChange: vscode.Event<void>;
}

/** Builds the parts, hands each what it needs, and registers them. Nothing is read or started before it is asked for. */
export function activate(context: vscode.ExtensionContext): ModelSharpness {
  const log = vscode.window.createOutputChannel('Model Sharpness', { log: true });
  const { version } = context.extension.packageJSON as { readonly version: string };
  log.info(
    `Model Sharpness ${version} in VS Code ${vscode.version}, ${process.platform} ${process.arch}, Node ${process.versions.node}.`,
  );
  const worker = new WorkerClient({
    script: vscode.Uri.joinPath(context.extensionUri, 'dist', 'worker.js').fsPath,
    log: (line) => {
      log.info(line);
    },
  });
  // Without a folder there is no storage of a workspace.
  const kept = new KeptReports((context.storageUri ?? context.globalStorageUri).fsPath);
  const models = new DetectedModels(log);
  const view = new ModelsView(models, kept, context.workspaceState);
  const panels = new AnalysisPanels({
    extensionUri: context.extensionUri,
    worker,
    kept,
    settings: requestSettings,
    detected: () => models.paths,
    log,
  });
  context.subscriptions.push(
    log,
    worker,
    models,
    panels,
    view,
    createStatusItem(panels),
    registerAssistantServer(context),
    registerCompareCommand({
      extensionUri: context.extensionUri,
      worker,
      kept,
      settings: requestSettings,
      log,
      models,
      memory: new ComparisonMemory(context.workspaceState),
    }),
    registerCommands({ panels, models, view, worker, kept, log, extensionPath: context.extensionPath }),
    vscode.window.registerWebviewPanelSerializer(panelViewType, panels),
    vscode.window.registerCustomEditorProvider(editorViewTypes.model, panels),
    vscode.window.registerCustomEditorProvider(editorViewTypes.otherModel, panels),
    vscode.window.registerCustomEditorProvider(
      editorViewTypes.report,
      new ReportEditor(context.extensionUri, log),
    ),
  );
  return { states: () => panels.states, onDidChange: panels.onDidChange };
}
