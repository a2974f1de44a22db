import { defaultRandomCount, optimisers, requestDefaults } from './request';
import { lossChoicesText } from './wording/lossWords';

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
  --samples FILE        the data to compute the loss on: npz, npy, CSV or other text, tensors of
                        torch.save or safetensors, MNIST's IDX or CIFAR's own files, or a folder with a folder of PNG or
                        JPEG files for each class
                        (without it: random inputs, which say nothing about your data)
  --inputs KEY          key of the inputs in FILE; GRAPHINPUT=KEY, repeated, where the model has several inputs
  --labels KEY          key of the labels in FILE, or the path of their npy file
  --scale NUMBER        multiplies the inputs (1)
  --normalize HOW       of pictures' pixels: 0-1, -1-1, imagenet, 0-255 or MEAN/DEVIATION (whatever gives the least loss)
  --skip-broken         leaves out pictures that cannot be read
  --limit N             uses at most N samples, drawn by the seed; without FILE: N random inputs (${defaultRandomCount})
  --shape NAME=SIZES    shape of an input of which the file leaves sizes open, as image=1x3x224x224 (repeat it for more)
  --architecture FILE   the layers of a file of weights alone (state dict, safetensors): JSON, as architecture prints it
  --output NAME         what the loss is put on: a graph output, or any tensor inside the model
  --loss LOSS           ${lossChoicesText} (auto)
  --class-weights W,…   weight of every class in the cross-entropy, or "balanced" (PyTorch's weight=)
  --label-smoothing E   share of every label spread evenly over all classes, from 0 to below 1 (0)
  --pos-weight P,…      weight of the positives in the binary cross-entropy: one, or one for every output
  --ignore-label N      leaves out what has this label (-100)
  --weight-decay L      adds ½L‖θ‖² over all parameters to the loss (0)
  --learning-rate R     says where R stands to the edge of stability that λ_max sets
  --optimiser NAME      ${optimisers.join(', ')}: whose edge (sgd)
  --momentum B          of momentum and nesterov; of adam β₁ (0.9)
  --batch-size N        samples of a step of the training
  --decayed TENSOR      the parameters that it is over, where not all: names or patterns, as "*.weight" (repeat it for more)
  --method METHOD       auto, closed-form (perceptrons), exact (small models) or estimate (auto)
  --precision R         relative precision asked of λ_max's interval and of every estimate (${requestDefaults.precision})
  --dtype TYPE          float64, float32 or auto: of Hessian-vector products (auto)
  --evaluation          analyses an export in training mode as in evaluation mode
  --trained TENSOR      counts a tensor of the file as a parameter (repeat it for more)
  --fixed TENSOR        holds a tensor of the file fixed, so that it is none (repeat it for more)
  --blocks              estimates the blocks of layers, too, which takes more products
  --scale-adapted       looks for the scale-adapted sharpness, too: the same however layers are scaled against each other
  --plane               measures the loss over a plane of two directions, too (225 forward passes)
  --top K               finds the K largest eigenvalues, each between two ends (10, for no more than λ_max takes)
  --time SECONDS        ends the analysis; the report has what is known by then
  --seed N              seed of everything drawn (0)
  --threads N           threads for matrix products (as many as there are cores)
  --memory BYTES        what the working set may take (a quarter of the machine's)
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
