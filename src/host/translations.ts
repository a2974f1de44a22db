import { config } from '@vscode/l10n';
import * as vscode from 'vscode';

// Before any module with texts is loaded: many of them are made then. In English there is no bundle, and none is needed.
if (vscode.l10n.bundle !== undefined) config({ contents: vscode.l10n.bundle });
