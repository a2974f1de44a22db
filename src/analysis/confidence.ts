/** Of the probabilistic intervals for λ_max and λ_min together. */
export const confidence = 0.999;
