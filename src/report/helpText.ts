import { optionRows } from './options';

const indent = 24;

const optionLines = optionRows.flatMap(({ name, help }) => {
  if (help === undefined) return [];
  const [value, text] = help;
  return `  --${name} ${value}`.padEnd(indent) + text.replaceAll('\n', `\n${' '.repeat(indent)}`);
});

/** What `--help` prints; the names of the options' values are read from it, too. */
export const helpText = `Usage: model-sharpness analyze MODEL [options]
       model-sharpness compare FILE… [options]
       model-sharpness architecture MODEL
       model-sharpness mcp
       model-sharpness detect FOLDER
       model-sharpness --help | --version

analyze says how sharp the loss is at the model's weights, which layer makes it so, and why.
compare does so for several models of one task, such as checkpoints, and says what differs beyond the error bars.
architecture prints, for a file of weights alone, what its names and shapes tell of its layers: JSON with a "?" for
each thing that they do not tell, to be completed and given to --architecture.
detect lists the models in a folder, their formats, whether each can be analysed, and what to do with those that cannot.
mcp answers an assistant in an editor or a terminal: a server of the Model Context Protocol on standard input and output.

Options of analyze:
${optionLines.join('\n')}
  --html FILE           writes the report as one HTML page, too
  --json                prints the report as JSON, alone, on standard output

compare takes the same options, for every model alike, and these. A FILE is a model, a folder (its checkpoints; of more
than 200 as many, evenly spaced) or a saved report in JSON (not computed again).
  --watch FOLDER        compares the checkpoints of FOLDER, and each new one when it is there, until Ctrl-C
  --json=FILE           writes the comparison as JSON to FILE; --json alone prints it on standard output

What the options leave open is taken from NAME.sharpness.json beside the model NAME, where there is one.

Exit codes: 0 done, 2 wrong use, 3 the model cannot be read or analysed, 4 the samples cannot be read or do not fit,
130 interrupted (129 and 143 by SIGHUP and SIGTERM), 1 anything else, also where the report cannot be written whole.
compare ends with 0 where at least two models have their numbers; what the others lack is said on standard error.
`;
