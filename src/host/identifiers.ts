/** Names that package.json declares; a test holds the two together. */
export const commands = {
  analyze: 'model-sharpness.analyze',
  compare: 'model-sharpness.compare',
  analyzePick: 'model-sharpness.analyzePick',
  analyzeAll: 'model-sharpness.analyzeAll',
  reveal: 'model-sharpness.reveal',
  sortModels: 'model-sharpness.sortModels',
  cancel: 'model-sharpness.cancel',
  refreshModels: 'model-sharpness.refreshModels',
  showLog: 'model-sharpness.showLog',
  clearKept: 'model-sharpness.clearKept',
  copyPythonLines: 'model-sharpness.copyPythonLines',
} as const;

/** Of the activity bar. */
export const viewContainerId = 'modelSharpness';
export const modelsViewId = 'modelSharpness.models';
export const panelViewType = 'modelSharpness.panel';
/** Editors of files: models by their first page, exported reports. */
export const editorViewTypes = {
  model: 'modelSharpness.model',
  otherModel: 'modelSharpness.otherModel',
  report: 'modelSharpness.report',
} as const;

export const comparisonViewType = 'modelSharpness.comparison';

export const contextKeys = {
  /** Paths of files that are models by content: the explorer's menu asks for it. */
  detectedFiles: 'modelSharpness.detectedFiles',
  /** True while an analysis can be cancelled. */
  running: 'modelSharpness.running',
} as const;

export const settingsSection = 'modelSharpness';

/** The server for assistants, as `contributes.mcpServerDefinitionProviders` of package.json names it. */
export const assistantServerId = 'modelSharpness.assistant';
