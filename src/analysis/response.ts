import type { ForwardModel } from '../autodiff/forwardModel';
import type { HessianProducts } from '../autodiff/hessianProducts';
import { drawDirection } from '../curvature/randomVectors';
import { innerProduct } from '../curvature/vectors';
import { guessLoss } from '../loss/evenGuess';
import type { Loss, Plane, Response, Slice } from '../report/report';
import { norm } from '../runtime/norm';
import { SeededRandom } from '../samples/random';

/** How far the weights are moved, over ‖θ‖. */
const relativeStep = 0.01;
/** Random directions. */
const draws = 5;
/** Points of a slice on either side, and how many of them make the step. */
const pointsAside = 4;
const pointsOfStep = 2;

/** Points of a plane along each of its directions. */
const pointsOfPlane = 15;
export const passesOfPlane = pointsOfPlane ** 2;

/** Forward passes that a response takes, and products. */
export const passesOfResponse = 1 + 3 * 2 * pointsAside + draws - 1;
export const productsOfResponse = 2;

/** What the response is measured of. */
export interface ResponseSubject {
  readonly products: HessianProducts;
  readonly forward: ForwardModel;
  readonly loss: Loss;
  readonly accuracyOf: (outputs: Float64Array) => number | null;
  /** λ_max and its unit vector. */
  readonly lambdaMax: number;
  readonly direction: Float64Array;
  readonly seed: number;
}

interface Point {
  readonly loss: number | null;
  readonly accuracy: number | null;
}

/**
 * The loss and the accuracy where the weights move along the sharpest direction, the gradient and random directions, by forward
 * passes of the model, with what gradient and curvature say of the same points.
 * @param told after every pass
 */
export async function measureResponse(
  subject: ResponseSubject,
  told: () => void,
): Promise<{ readonly response: Response; readonly slices: Slice[] }> {
  const { products, forward, loss, accuracyOf, lambdaMax, direction, seed } = subject;
  const { weights, gradient } = products;
  const size = norm(weights);
  const at = async (along: Float64Array, distance: number): Promise<Point> => {
    const moved = weights.map((weight, i) => weight + distance * size * along[i]!);
    const { outputs, meanLoss } = await forward.at(moved);
    told();
    const whole = meanLoss + products.penaltyAt(moved);
    return { loss: Number.isFinite(whole) ? whole : null, accuracy: accuracyOf(outputs) };
  };
  const unmoved = await at(direction, 0);
  const distances = Array.from(
    { length: 2 * pointsAside + 1 },
    (_, i) => ((i - pointsAside) * relativeStep) / pointsOfStep,
  );
  const sliceAlong = async (
    name: Slice['direction'],
    along: Float64Array,
    curvature: number,
  ): Promise<{ readonly slice: Slice; readonly points: readonly Point[] }> => {
    const slope = innerProduct(gradient, along) * size;
    const points: Point[] = [];
    for (const distance of distances) points.push(distance === 0 ? unmoved : await at(along, distance));
    const parabola = distances.map(
      (t) => products.meanLoss + slope * t + (curvature * size ** 2 * t ** 2) / 2,
    );
    return {
      slice: { direction: name, step: distances, loss: points.map(({ loss }) => loss), parabola },
      points,
    };
  };
  const curvatureOf = async (along: Float64Array): Promise<number> => {
    return innerProduct(await products.multiply(along), along);
  };
  const sharpest = await sliceAlong('sharpest', direction, lambdaMax);
  const [below, above] = [pointsAside - pointsOfStep, pointsAside + pointsOfStep].map(
    (index) => sharpest.points[index]!,
  ) as [Point, Point];
  const length = norm(gradient);
  const downhill = gradient.map((each) => each / length);
  const ofGradient = length > 0 ? await sliceAlong('gradient', downhill, await curvatureOf(downhill)) : null;
  const random = SeededRandom.fromSeed(seed);
  const first = drawDirection(weights.length, random);
  const ofRandom = await sliceAlong('random', first, await curvatureOf(first));
  const drawn = [ofRandom.points[pointsAside + pointsOfStep]!];
  while (drawn.length < draws) drawn.push(await at(drawDirection(weights.length, random), relativeStep));
  const penalty = products.penaltyAt(weights);
  const guess = guessLoss(loss, forward.targets);
  return {
    response: {
      relativeStep,
      worst: isWorse(below, above) ? below : above,
      random: {
        loss: meanOf(drawn.map((point) => point.loss)),
        accuracy: meanOf(drawn.map((point) => point.accuracy)),
        draws,
      },
      scaleInvariant: lambdaMax * size ** 2,
      guessLoss: guess === null ? null : guess + penalty,
    },
    slices: [sharpest, ...(ofGradient === null ? [] : [ofGradient]), ofRandom].map(({ slice }) => slice),
  };
}

/**
 * The loss over the plane of the sharpest direction and the part of the gradient at right angles to it (or a random direction, where
 * there is no such part), as far as the slices go.
 * @param told after every pass
 */
export async function measurePlane(
  { products, forward, direction, seed }: ResponseSubject,
  told: () => void,
): Promise<Plane> {
  const { weights, gradient } = products;
  const size = norm(weights);
  const ofGradient = awayFrom(direction, gradient);
  const random = awayFrom(direction, drawDirection(weights.length, SeededRandom.fromSeed(seed)));
  const along = ofGradient ?? random ?? direction;
  const reach = (relativeStep * pointsAside) / pointsOfStep;
  const step = Array.from({ length: pointsOfPlane }, (_, i) => reach * ((2 * i) / (pointsOfPlane - 1) - 1));
  const loss: (number | null)[][] = [];
  for (const up of step) {
    const row: (number | null)[] = [];
    for (const across of step) {
      const moved = weights.map((weight, i) => weight + size * (across * direction[i]! + up * along[i]!));
      const whole = (await forward.at(moved)).meanLoss + products.penaltyAt(moved);
      row.push(Number.isFinite(whole) ? whole : null);
      told();
    }
    loss.push(row);
  }
  return { second: ofGradient === null ? 'random' : 'gradient', step, loss };
}

/** The part of a vector at right angles to a unit vector, of norm 1; null where there is none to speak of. */
function awayFrom(direction: Float64Array, vector: Float64Array): Float64Array | null {
  const inner = innerProduct(vector, direction);
  const rest = vector.map((each, i) => each - inner * direction[i]!);
  const length = norm(rest);
  return length > 1e-6 * norm(vector) ? rest.map((each) => each / length) : null;
}

/** No number at all is worst. */
function isWorse(one: Point, other: Point): boolean {
  return (one.loss ?? Infinity) >= (other.loss ?? Infinity);
}

/** Null where one of them is. */
function meanOf(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum / values.length;
}
