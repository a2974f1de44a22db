/** A headline that is read from across the room, and the sentences that qualify it; λ_max stands for λ with a subscript. */
export interface Answer {
  readonly headline: string;
  readonly sentences: readonly string[];
  /** The layer that the headline begins with. */
  readonly layer?: { readonly index: number; readonly shown: string; readonly whole: string };
}
