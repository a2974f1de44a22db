import { t } from '@vscode/l10n';
import { setting } from '../report/wording/settings';
/** One sentence for every term that the panel and the HTML report show. */
export const explanations = {
  upperBound: t(
    'How sharp is the loss here? As sharp as its sharpest direction: near a minimum, moving the weights by a small t along it raises the loss by about ½λ_max·t², and along no other direction more. λ_max is the largest eigenvalue of the loss Hessian. Certified: it was found between two ends that are closer than the precision asked, on these samples. The upper bound is what trace and norm alone prove, T/P + s√(P−1); for many parameters it lies close to ‖H‖_F, far above λ_max.',
  ),
  verdict: t(
    'Is that much? Two measured numbers answer: what the worst move of 1 % of the weights adds to the loss, beside all that training took off it, and the share of the loss that one plain step should still save. Where the line is drawn is a convention, calibrated on trained models; it says nothing about generalising.',
  ),
  response: t(
    'The weights were really moved, and the model run: along the sharpest direction, the gradient and random directions, by up to 2 % of their own size. Where the dashed parabola of the analysis lies on the measured line, the curvature tells the loss; where they part, it no longer does.',
  ),
  plane: t(
    'How the valley lies: the loss where the weights move in two directions at once, the sharpest and the gradient’s part at right angles to it, measured by forward passes; the dot is the file’s weights.',
  ),
  scaleInvariant: t(
    'Can checkpoints be compared? λ_max times the squared size of all weights: unlike λ_max it stays the same when all weights are measured in another unit, so that it compares checkpoints whose weights have grown.',
  ),
  sharpestSamples: t(
    'Which samples is it about? λ_max is the mean of every sample’s own curvature along the sharpest direction, vᵀH_n v; these carry the largest shares of it. A few that carry most are worth looking at: wrong labels, outliers, a rare class.',
  ),
  whichLayer: t(
    'Which layer does it move most: the one that holds most of the sharpest direction; until that is known, the one with the largest additive contribution to the upper bound.',
  ),
  criticalPoint: t(
    'Has training arrived? At a minimum the gradient ∇L is zero and no direction curves downwards. A little downward curvature beside a slope is ordinary: only where the gradient is as good as zero does a negative λ_min make a saddle.',
  ),
  found: t(
    'How sure is it? From the whole spectrum: all eigenvalues were computed. Proved: certain, by the directions that were searched and the exact trace and norm of the rest. Certified at 99.9 %: wrong for at most one in a thousand random starts of Lanczos. Not certified: the interval is wider than the precision asked. All of it speaks of these samples.',
  ),
  spectrum: t(
    'Is the curvature in few directions or in many? How many of the Hessian’s eigenvalues lie in each of the bins: nearly all lie near zero, and few directions carry the curvature.',
  ),
  learningRate: t(
    'Is the learning rate near what this sharpness allows? On a quadratic, plain full-batch gradient descent shrinks along the sharpest direction below 2/λ_max and grows above it; momentum β moves that edge to 2(1 + β)/λ_max, Nesterov’s to 2(1 + β)/((1 + 2β)λ_max). Training often sits near the edge by itself. It is no recommendation.',
  ),
  bounds: t(
    'What do trace and norm alone prove? The bands are where λ_max and λ_min must lie, given the trace and the squared Frobenius norm of the Hessian; the marks with a point are what was found of them, and a hatched box is an interval that is not narrow.',
  ),
  contributions: t(
    'Which layer makes the bound large? A bar is a layer’s additive part of the upper bound, its solid part in proportion to the layer’s own curvature, its hatched part to its coupling with other layers. (τ/P + s√(P−1)·ψ, with τ the trace of its block and ψ its share of the spread s².) The bound is not λ_max: where the sharpest direction lies is told above.',
  ),
  blocks: t(
    'Do layers act alone or together? The share of ‖H‖² in the block of two layers, coloured on a logarithmic scale: the diagonal is a layer’s own curvature, the rest how the layers act on each other.',
  ),
  layerWeight: t(
    'What was learned here? The numbers of the layer’s weight: blue above 0, orange below, stronger further from it; rows or columns without colour do nothing, a single strong one does most.',
  ),
  singularValues: t(
    'How many directions does the layer use? It turns inputs along its singular vectors and scales them by these: few large ones mean that few directions pass. ‖W‖²/σ1² counts those that matter (the stable rank); σ1 is the most that the layer can stretch an input.',
  ),
  sampleInput: t(
    'What does the model see? The numbers of this sample as they go into the model, scaled and normalised as in the analysis; as a picture where they are one, from its least number to its greatest.',
  ),
  sampleOutputs: t(
    'What does it make of it? The numbers that the loss is put on, the largest first, and the probabilities that they stand for.',
  ),
  layerSamples: t(
    'Which samples make this layer sharp? λ_max of its own block is the mean of every sample’s own curvature along the block’s sharpest direction; these carry the largest shares of it.',
  ),
  sampleGradient: t(
    'Which layer would this sample move? The gradient of its own loss, divided among the layers by squared norms. At a minimum the gradients of all samples cancel; a sample with a large one is still not fitted.',
  ),
  layerBlocks: t(
    'Which layers does it act with? The share of ‖H‖² in its block with each layer: its row of the picture of all blocks. Blocks of two layers stand in both rows.',
  ),
  sharpestShare: t(
    'Which layer is sharp? A step along the sharpest direction moves all layers at once; this is how much of it lies in each: ‖v_l‖², where the layers’ parts v_l make up the unit eigenvector v. λ_max is the sum of λ_max·‖v_l‖²: an exact division, in which no part is negative.',
  ),
  parameters: t('Trainable numbers of the layer that the output depends on.'),
  trace: t(
    'How curved is the layer over all its parameters together? The sum of the second derivatives of the loss in each of them: the trace of its Hessian block.',
  ),
  ownBound: t(
    'How sharp could it be at most if only this layer moved? An upper bound on the largest eigenvalue of its own Hessian block, from that block’s trace and norm.',
  ),
  contribution: t(
    'How much of the bound is this layer’s? Its additive part; a negative one lowers the bound: the layer’s trace is negative, or it evens the spectrum out more than its squared norm spreads it.',
  ),
  share: t('The layer’s contribution divided by the upper bound.'),
  weightNorm: t(
    'How large is the layer’s weight? The Frobenius norm of the layer’s weight, its bias not counted.',
  ),
  elasticity: t(
    'What if this layer’s weights were larger? By how many per cent the upper bound changes when the layer’s weight grows by 1 %, its bias unchanged.',
  ),
  crossSampleShare: t(
    'Do different samples pull the same way here? The part of the layer’s ‖H‖² that comes from pairs of different samples rather than from each sample with itself.',
  ),
  layer: t('In the order of the forward pass, with the numbers that go in and out.'),
  units: t(
    'Which hidden units carry the curvature? The share of ‖H‖² in the rows of each unit’s incoming and outgoing weights: about what removing it would take away.',
  ),
  orthogonality: t(
    'Are the samples alike to this layer? The cosines between its inputs: inputs that are orthogonal to each other would add no cross-sample curvature in the first layer without a bias.',
  ),
  topSamples: t(
    'Which samples make the Hessian large as a whole? Those whose pairs with all samples make up most of ‖H‖².',
  ),
  method: t(
    'Closed form and exact: computed to rounding, no sampling. Estimate: from Hessian-vector products with random probes; ± is one standard error, and in brackets or as a whisker stands the 95 % interval.',
  ),
  probes: t(
    'How many random questions were asked? The estimates are means over random vectors v of products Hv. Ten others tell how many the precision asked takes, before the first of them: error bars that decided themselves when to stop would promise too much. 95 % intervals are Student’s, and end where the truth cannot lie.',
  ),
  loss: t(
    'The function whose curvature this is; “assumed” where neither the model nor the samples say which it is.',
  ),
  lossOptions: t(
    'What of the loss is not its kind: how much classes, positives or samples count, the share of every label that is spread evenly over all classes, what is left out, and the weight decay.',
  ),
  samples: t('The data that the loss is summed over; the numbers describe these samples and no others.'),
  mode: t('Evaluation: dropout is off and normalisation uses its stored statistics.'),
  precision: t(
    'The floating-point type that the Hessian was computed in; the product error is what one product in it was measured to be off, relative to float64.',
  ),
  stopped: t(
    'What ran out before the asked precision was reached; what is shown holds all the same, with wider error bars and intervals.',
  ),
  seed: t('Where every random choice begins: the same seed gives the same numbers.'),
  cost: t('Multiply-adds and working memory of the bounds.'),
  time: t('How long the whole analysis took.'),
  eigenvalues: t(
    'And the directions after the sharpest? Upper bounds on the next largest eigenvalues, from the same two traces; the short ticks in the band mark them.',
  ),
  largest: t(
    'Is there one sharp direction, or many? The largest eigenvalues, each between two ends that hold all at once, and the layer that holds most of each eigenvector. Below the k-th lies at most what Lanczos has not seen, which a second run inside the rest bounds.',
  ),
  layerLambdaMax: t(
    'How sharp the loss is if only this layer moves: the largest eigenvalue of its own Hessian block, found and not only bounded.',
  ),
  blockwise: t(
    'Does it help to look at the blocks? The largest eigenvalue of the small matrix with each layer’s own bound on its diagonal and the norms of the blocks between layers elsewhere: also an upper bound on λ_max, and never looser.',
  ),
  scaleAdapted: t(
    'Does the number survive a rescaling of layers? λ_max where every parameter is measured in units of its own size, D·H·D with D = diag(|θ|): unlike λ_max itself it stays the same when one ReLU layer is scaled up and the next one down by as much.',
  ),
  preconditioned: t(
    'Does Adam’s learning rate hold? Adam divides each step by P = √v̂ + ε, the size of its gradients: its edge is that of the largest eigenvalue of P^(-1/2)·H·P^(-1/2), P from the file.',
  ),
  traces: t(
    'What are the bounds made from? T is the sum of all eigenvalues of the Hessian H, and F² = ‖H‖² (Frobenius) the sum of their squares: all that the bounds need.',
  ),
  gaussNewton: t(
    'How much of it is the loss’s own curvature? The upper bound of the Gauss-Newton matrix: the Hessian without the terms that vanish at a perfect fit; the nearer to the bound above, the less the rest matters.',
  ),
  comparedRows: t(
    'Which of them is better? λ_max alone does not tell: it grows and shrinks with the size of the weights. λ_max·‖θ‖² and what a move of 1 % of the weights costs stand beside it, since these compare models whose weights have grown.',
  ),
  comparedEdge: t(
    'Does training sit at the edge of stability? The dashed line is the λ_max at which steps of this optimiser and learning rate stop shrinking along the sharpest direction, 2/η for plain descent. A whisker is the interval that was found, the grey bar the samples’ own error at 95 %.',
  ),
  comparedLayers: t(
    'Which layer changed? The additive part of each layer in the upper bound, stacked: the stacks are as high as the bound; negative parts hang below zero.',
  ),
  comparedSamples: t(
    'What did rounding do to single samples? Both models were run on the same ones: the error of the mean change is that of the paired differences, as a rule much smaller than that of two means by themselves. Samples are counted from 0 in the file.',
  ),
  comparedDifferences: t(
    'What changed beyond doubt? Each number against the model before. “none”: zero lies within the error bars, which stand in brackets.',
  ),
} as const;

export type Term = keyof typeof explanations;

/** In the place of the blocks' picture. */
export const blocksNotAsked = t`The norms of the blocks between layers were not asked for: they take as many products more for each probe as there are layers. Ask for them with ${setting('blocks')}: with them come each layer’s own curvature and its coupling with others.`;
