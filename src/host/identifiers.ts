/** Names that package.json declares; a test holds the two together. */
export const commands = {
  analyze: 'model-sharpness.analyze',
  compare: 'model-sharpness.compare',
  cancel: 'model-sharpness.cancel',
  refreshModels: 'model-sharpness.refreshModels',
  showLog: 'model-sharpness.showLog',
  copyPythonLines: 'model-sharpness.copyPythonLines',
} as const;

export const modelsViewId = 'modelSharpness.models';
export const panelViewType = 'modelSharpness.panel';

export const comparisonViewType = 'modelSharpness.comparison';

export const contextKeys = {
  /** Paths of files that are models by content: the explorer's menu asks for it. */
  detectedFiles: 'modelSharpness.detectedFiles',
  /** True while an analysis can be cancelled. */
  running: 'modelSharpness.running',
} as const;

export const settingsSection = 'modelSharpness';
