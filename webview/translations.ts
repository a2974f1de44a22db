import { config } from '@vscode/l10n';

// Before any module with texts is loaded: many of them are made then. The page has them where the editor's language is not English.
const { translations } = document.body.dataset;
if (translations !== undefined) config({ contents: translations });
