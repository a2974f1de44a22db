/** A number that is not what the oracle says. */
export class Disagreement extends Error {}
