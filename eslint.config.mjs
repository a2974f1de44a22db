import { readdirSync } from 'node:fs';
import eslint from '@eslint/js';
import prettier from 'eslint-config-prettier/flat';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** The house, from the ground floor up: a folder imports from itself and from folders before it. */
const floors = [
  'report',
  'comparison',
  'charts',
  'files',
  'runtime',
  'graph',
  'formats',
  'samples',
  'inference',
  'subject',
  'loss',
  'autodiff',
  'curvature',
  'perceptron',
  'analysis',
  'worker',
  'cli',
  'host',
];
/** The files that build the parts and hand them to each other. */
const roofs = ['cli.ts', 'extension.ts'];

for (const name of readdirSync(new URL('src', import.meta.url))) {
  if (!floors.includes(name) && !roofs.includes(name)) {
    throw new Error(`src/${name} has no place in the order of folders: give it one in eslint.config.mjs.`);
  }
}

/** What the panel may use of src/. */
const seenByPanel = ['report', 'comparison', 'charts'];

const importZones = [
  ...floors.map((floor, index) => ({
    target: `./src/${floor}`,
    from: './src',
    except: floors.slice(0, index + 1).map((allowed) => `./${allowed}`),
    message: `src/${floor} imports from folders below it only: see the order in eslint.config.mjs.`,
  })),
  {
    target: './src',
    from: '.',
    except: ['./src', './node_modules', './package.json'],
    message: 'src/ imports nothing else of the project but its version.',
  },
  {
    target: './webview',
    from: './src',
    except: seenByPanel.map((allowed) => `./${allowed}`),
    message: `The panel imports ${seenByPanel.map((allowed) => `src/${allowed}`).join(', ')} only.`,
  },
];

/** @param {string} name @param {string} message */
const keptOut = (name, message) => ({ group: [name, `${name}/*`], message });
const vscodeMessage = 'Only src/extension.ts and src/host/ know VS Code.';
const runtimeMessage = 'Only src/runtime/ runs models.';
/** import() escapes the rules for import statements. */
const dynamicImport = {
  selector: 'ImportExpression[source.value=/^(vscode|onnxruntime-)/]',
  message: 'Import it statically.',
};
/** In a numeric loop over arrays of known length a check of every element would hide the formula. */
const assertedOnlyAfterIndex = {
  selector: 'TSNonNullExpression:not([expression.type="MemberExpression"][expression.computed=true])',
  message: 'Only an element of an array may be asserted to exist: values[index]!. Check everything else.',
};

export default defineConfig(
  {
    // test/host/launcher has no extension, which the typed rules cannot read, and one statement.
    ignores: ['dist/', '.vscode-test/', 'test-results/', 'screenshots/', '**/*_pb.ts', 'test/host/launcher'],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: importZones }],
      'import-x/no-duplicates': 'error',
      'import-x/no-self-import': 'error',
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      // A number in a sentence needs no String() around it.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // A part taken out of an object by `const { part, ...rest }` need not be used.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, argsIgnorePattern: '^_' }],
      // Constants are quoted with all the digits of their source.
      'no-loss-of-precision': 'off',
      // Replaced by `assertedOnlyAfterIndex` below.
      '@typescript-eslint/no-non-null-assertion': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'webview/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': ['error', dynamicImport, assertedOnlyAfterIndex],
    },
  },
  {
    files: ['src/cli.ts', 'src/cli/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['src/**/*.ts', 'webview/**/*.ts'],
    ignores: ['src/extension.ts', 'src/host/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [keptOut('vscode', vscodeMessage)] }],
    },
  },
  {
    files: ['src/**/*.ts', 'webview/**/*.ts'],
    ignores: ['src/runtime/**'],
    rules: {
      // Another rule than for vscode: of two settings of one rule only the later would count.
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            keptOut('onnxruntime-node', runtimeMessage),
            keptOut('onnxruntime-common', runtimeMessage),
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.mts'],
    rules: {
      // TypeScript reports undefined names, and knows those of Node.
      'no-undef': 'off',
      // In JavaScript a cast is a comment, which these rules do not see.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['test/**'],
    rules: {
      // Fakes have methods with nothing in them, and asynchronous ones that wait for nothing.
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  prettier,
);
